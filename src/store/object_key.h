#pragma once

#include <string_view>

#include "base/result.h"

namespace weir::store {

/// Fails with `invalid` unless `key` may name an object (see `ObjectStore`). The first part
/// `.tmp` is kept for unfinished objects.
Status check_key(std::string_view key);

}  // namespace weir::store
