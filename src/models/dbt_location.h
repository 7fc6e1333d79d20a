#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::models {

/// Finds the dbt program. A `configured` name with a slash is that file and no other. A bare name
/// is looked for in `prefix`/../.deps/python/bin (where `./dev` puts it; `prefix` is the folder
/// above weir's own `bin`, or the build folder), in `prefix`/python/bin, then in `search_path` (as
/// PATH is written). Fails with `not_found` and how to get it.
Result<std::filesystem::path> find_dbt(const std::string& configured,
                                       const std::filesystem::path& prefix,
                                       std::string_view search_path);

}  // namespace weir::models
