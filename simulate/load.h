#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "simulate/life.h"

namespace weir::simulate {

/// Makes the schemas and loads the origin by COPY on two sessions; then keys and foreign keys.
/// Returns the rows loaded. Fails with `already_exists` if there is a schema claims. What is left
/// after a failure has no row in claims_simulation.progress.
Result<std::int64_t> load(const std::string& url, const Settings& settings);

}  // namespace weir::simulate
