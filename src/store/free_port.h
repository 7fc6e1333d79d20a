#pragma once

#include <cstdint>

#include "base/result.h"

namespace weir::store {

/// Returns a port of the loopback interface that nobody listens on now.
Result<std::uint16_t> free_port();

}  // namespace weir::store
