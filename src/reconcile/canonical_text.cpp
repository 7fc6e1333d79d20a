#include "reconcile/canonical_text.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "base/assert.h"

namespace weir::reconcile {
namespace {

using arrow::Type;

// concat writes a value by its type's output function: a cast to text would cut the padding of
// char(n) and lengthen an inet. Of null it makes '', hence the CASE.
constexpr auto postgres_output = "CASE WHEN {0} IS NULL THEN NULL ELSE concat({0}) END";

constexpr auto postgres_timestamp =
    "CASE WHEN NOT isfinite({0}) THEN {0}::text ELSE "
    "to_char({0}, 'YYYY-MM-DD HH24:MI:SS.US') || "
    "CASE WHEN {0} < '0001-01-01 00:00:00'::timestamp THEN ' BC' ELSE '' END END";

// The server keeps the sign of a NaN, and never shows it.
constexpr auto postgres_float =
    "encode(float{0}send(CASE WHEN {1} = 'NaN' THEN 'NaN' ELSE {1} END), 'hex')";

// DuckDB writes no zero before the point of a number that has no digit there.
constexpr auto duckdb_fraction = "regexp_replace({}::VARCHAR, '^(-?)[.]', '\\10.')";

// DuckDB writes "0044-03-15 (BC)", and a time with as many digits as it needs.
constexpr auto duckdb_date = "replace({0}::VARCHAR, ' (BC)', ' BC')";

constexpr auto duckdb_time =
    "CASE WHEN contains({0}::VARCHAR, '.') THEN rpad({0}::VARCHAR, 15, '0') "
    "ELSE {0}::VARCHAR || '.000000' END";

constexpr auto duckdb_timestamp =
    "CASE WHEN NOT isfinite({0}) THEN {0}::VARCHAR ELSE "
    "replace({0}::DATE::VARCHAR, ' (BC)', '') || ' ' || {1} || "
    "CASE WHEN {0} < TIMESTAMP '0001-01-01 00:00:00' THEN ' BC' ELSE '' END END";

bool has_zone(const arrow::DataType& type) {
    return !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

std::string decimal_type(const arrow::DataType& type, std::string_view name) {
    const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
    return fmt::format("{}({},{})", name, decimal.precision(), decimal.scale());
}

std::string duckdb_decimal_text(const arrow::DataType& type, std::string_view value) {
    const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
    const std::string number = fmt::format("{}::{}", value, decimal_type(type, "DECIMAL"));
    return decimal.precision() == decimal.scale() ? fmt::format(duckdb_fraction, number)
                                                  : number + "::VARCHAR";
}

std::string duckdb_timestamp_text(std::string_view value) {
    return fmt::format(duckdb_timestamp, value,
                       fmt::format(duckdb_time, fmt::format("{}::TIME", value)));
}

// Without ICU's calendar: the microseconds are the value.
std::string duckdb_timestamptz_text(std::string_view value) {
    return fmt::format("CASE WHEN NOT isfinite({0}) THEN {0}::VARCHAR ELSE {1} END", value,
                       duckdb_timestamp_text(fmt::format("make_timestamp(epoch_us({}))", value)));
}

}  // namespace

std::string canonical_text_postgres(const arrow::DataType& landed_type, std::string_view value) {
    switch (landed_type.id()) {
        case Type::BOOL:
            return fmt::format("CASE {} WHEN true THEN 't' WHEN false THEN 'f' END", value);
        case Type::INT16:
        case Type::INT32:
        case Type::INT64: return fmt::format("{}::text", value);
        case Type::DECIMAL128:
            return fmt::format("{}::{}::text", value, decimal_type(landed_type, "numeric"));
        case Type::FLOAT: return fmt::format(postgres_float, 4, value);
        case Type::DOUBLE: return fmt::format(postgres_float, 8, value);
        case Type::BINARY: return fmt::format("encode({}, 'hex')", value);
        case Type::TIME64: return fmt::format("to_char({}, 'HH24:MI:SS.US')", value);
        case Type::TIMESTAMP:
            return fmt::format(postgres_timestamp,
                               has_zone(landed_type) ? fmt::format("({} AT TIME ZONE 'UTC')", value)
                                                     : std::string(value));
        case Type::DATE32:
        case Type::STRING: return fmt::format(postgres_output, value);
        default: WEIR_ASSERT(false && "a landed type is in docs/types.md"); return {};
    }
}

std::string canonical_text_duckdb(const arrow::DataType& landed_type, std::string_view value) {
    switch (landed_type.id()) {
        case Type::BOOL:
            return fmt::format("CASE {} WHEN true THEN 't' WHEN false THEN 'f' END", value);
        case Type::INT16:
        case Type::INT32:
        case Type::INT64:
        case Type::STRING: return fmt::format("{}::VARCHAR", value);
        case Type::DECIMAL128: return duckdb_decimal_text(landed_type, value);
        case Type::FLOAT: return fmt::format("lower(hex({}::FLOAT::BIT::BLOB))", value);
        case Type::DOUBLE: return fmt::format("lower(hex({}::DOUBLE::BIT::BLOB))", value);
        case Type::BINARY: return fmt::format("lower(hex({}))", value);
        case Type::DATE32: return fmt::format(duckdb_date, value);
        case Type::TIME64: return fmt::format(duckdb_time, value);
        case Type::TIMESTAMP:
            return has_zone(landed_type) ? duckdb_timestamptz_text(value)
                                         : duckdb_timestamp_text(value);
        default: WEIR_ASSERT(false && "a landed type is in docs/types.md"); return {};
    }
}

}  // namespace weir::reconcile
