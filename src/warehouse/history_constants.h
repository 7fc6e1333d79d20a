#pragma once

#include <cstdint>
#include <limits>

namespace weir::warehouse {

/// `to_cut` of an open version.
inline constexpr std::int64_t open_cut = std::numeric_limits<std::int64_t>::max();
/// `valid_to` of an open version, in microseconds since 1970 and as SQL: the last day of 9999.
inline constexpr std::int64_t open_time_us = 253'402'214'400'000'000;
inline constexpr auto open_time_sql = "TIMESTAMPTZ '9999-12-31 00:00:00+00'";

}  // namespace weir::warehouse
