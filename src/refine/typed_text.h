#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <string_view>

#include "refine/quarantine_reason.h"

namespace weir::refine {

/// Text of the source read as a declared type, exactly or not at all: nothing is rounded, cut or
/// guessed. Spaces around the text are passed over.

/// Reads `-12.50` or `1.25e1`. More fraction digits than `scale` are fine while they are zero.
Typed<arrow::Decimal128> read_decimal(std::string_view text, std::int32_t precision,
                                      std::int32_t scale);

/// Rescales an exact number.
Typed<arrow::Decimal128> rescale_decimal(const arrow::Decimal128& value, std::int32_t from_scale,
                                         std::int32_t precision, std::int32_t scale);

/// Reads `2024-02-29`, `0044-03-15 BC`, `infinity`: days since 1970 within DuckDB's DATE.
Typed<std::int32_t> read_date(std::string_view text);

/// Reads `2024-02-29 23:59:59.000001` or with a `T`: microseconds since 1970 within DuckDB's
/// TIMESTAMP. What is finer than a microsecond is out of range.
Typed<std::int64_t> read_timestamp(std::string_view text);

/// Says whether the text is one JSON value (RFC 8259, UTF-8) whose numbers a double can hold.
bool is_json(std::string_view text);

/// Say whether DuckDB's types hold the value; infinities do.
bool is_in_date_range(std::int32_t days);
bool is_in_timestamp_range(std::int64_t microseconds);

}  // namespace weir::refine
