#pragma once

#include <string>

#include "base/result.h"

namespace weir::store {

/// Returns 32 hexadecimal digits that nobody has had or can guess.
Result<std::string> random_name();

}  // namespace weir::store
