#pragma once

#include <string_view>

#include "base/result.h"

namespace weir::store {

/// Makes the error for a system call on `path` that set `error_number`: the kind says what to do,
/// the message names the path and the remedy. "cannot write file: no space left ..., path=...".
std::unexpected<Error> file_error(std::string_view task, std::string_view path, int error_number);

}  // namespace weir::store
