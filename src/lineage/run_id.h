#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "base/clock.h"

namespace weir::lineage {

/// Makes a UUIDv7 (RFC 9562): milliseconds since 1970, then random bits. `random` is used for 74
/// bits.
std::string make_run_id(Timestamp time, const std::array<std::byte, 10>& random);
/// The same with random bits of the system.
std::string make_run_id(Timestamp time);

}  // namespace weir::lineage
