#pragma once

#include <duckdb.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::sql {

/// Translates what DuckDB says into an `Error`: the kind by DuckDB's error type and the causes that
/// a caller can act on (a lock, a full disk, a conflict), the message without row values.
Error translate_duckdb_error(duckdb_error_type type, std::string_view message);

/// Returns the message up to its first line's end with every quoted literal taken out, and, for the
/// types that speak about data (constraint, conversion, range), every quoted text and number too.
std::string without_values(duckdb_error_type type, std::string_view message);

}  // namespace weir::sql
