#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::capture::postgres {

// PostgreSQL counts from 2000-01-01, Parquet from 1970-01-01; both in UTC.

constexpr std::int32_t days_1970_to_2000 = 10'957;
constexpr std::int64_t micros_per_day = 86'400'000'000;

/// Moves PostgreSQL's days to 1970's; the infinities become ±(2^31-1). No value past the end.
std::optional<std::int32_t> date_from_postgres(std::int32_t days);
/// Moves PostgreSQL's microseconds to 1970's; the infinities become ±(2^63-1). No value past the
/// end.
std::optional<std::int64_t> timestamp_from_postgres(std::int64_t micros);

// Texts in ISO style with the session's time zone at UTC; no value if the text is none of them.

/// Reads "2024-02-29", "0044-03-15 BC", "infinity": PostgreSQL's days.
std::optional<std::int32_t> parse_date(std::string_view text);
/// Reads "03:04:05.678901": microseconds since midnight.
std::optional<std::int64_t> parse_time(std::string_view text);
/// Reads "2024-02-29 03:04:05.678901", with or without "+00": PostgreSQL's microseconds.
std::optional<std::int64_t> parse_timestamp(std::string_view text);

/// Writes a finite timestamp of PostgreSQL's microseconds as its ISO text.
std::string format_timestamp(std::int64_t micros);

}  // namespace weir::capture::postgres
