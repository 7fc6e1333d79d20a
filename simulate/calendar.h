#pragma once

#include <cstdint>
#include <string>

namespace weir::simulate {

using Day = std::int32_t;     // Days since 1970-01-01.
using Micros = std::int64_t;  // Microseconds since 1970-01-01T00:00:00Z, in simulated time.

constexpr Micros micros_per_second = 1'000'000;
constexpr Micros micros_per_day = 86'400 * micros_per_second;

Day day_of(int year, unsigned month, unsigned day);
constexpr Day day_of(Micros time) {
    return static_cast<Day>(time / micros_per_day);
}

/// Appends `YYYY-MM-DD`. REQUIRES: a year of four digits.
void append_date(std::string& out, Day day);
/// Appends `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, six digits always. REQUIRES: 1970 or later.
void append_moment(std::string& out, Micros time);

}  // namespace weir::simulate
