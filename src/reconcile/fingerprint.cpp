#include "reconcile/fingerprint.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include "reconcile/canonical_text.h"
#include "sql/sql_session.h"

namespace weir::reconcile {
namespace {

using sql::quote_identifier;

using CanonicalText = std::string (*)(const arrow::DataType&, std::string_view);

constexpr auto row_separator = " || '|' || ";

std::string row_text(const catalog::TableContract& contract, CanonicalText text) {
    std::string row;
    for (const catalog::Column& column : contract.columns) {
        const std::string value = text(*column.landed_type, "q." + quote_identifier(column.name));
        row += row.empty() ? "" : row_separator;
        row += fmt::format(R"(coalesce(replace(replace({}, '\', '\\'), '|', '\|'), '\N'))", value);
    }
    return row.empty() ? "''" : row;
}

}  // namespace

std::string_view postgres_settings() {
    return "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; "
           "SET extra_float_digits = 1; SET bytea_output = 'hex'; "
           "SET lc_monetary = 'C'; SET quote_all_identifiers = off; "
           "SET standard_conforming_strings = on;";
}

std::string fingerprint_sql_postgres(const catalog::TableContract& contract,
                                     std::optional<std::string_view> query) {
    const std::string relation = query
                                     ? fmt::format("({})", *query)
                                     : fmt::format("{}.{}", quote_identifier(contract.name.schema),
                                                   quote_identifier(contract.name.table));
    return fmt::format(
        "SELECT count(*) AS count, "
        "coalesce(sum(('x' || substr(m, 1, 15))::bit(60)::bigint), 0) AS low, "
        "coalesce(sum(('x' || substr(m, 16, 15))::bit(60)::bigint), 0) AS high "
        "FROM (SELECT md5(convert_to({}, 'UTF8')) AS m FROM {} AS q) AS r",
        row_text(contract, &canonical_text_postgres), relation);
}

std::string fingerprint_sql_duckdb(const catalog::TableContract& contract,
                                   std::string_view relation,
                                   std::optional<ledger::CutNumber> as_of) {
    const std::string open =
        as_of ? fmt::format(" WHERE q.from_cut <= {0} AND q.to_cut > {0}", as_of->value) : "";
    return fmt::format(
        "SELECT count(*) AS count, "
        "coalesce(sum(('0x' || substr(m, 1, 15))::BIGINT), 0) AS low, "
        "coalesce(sum(('0x' || substr(m, 16, 15))::BIGINT), 0) AS high "
        "FROM (SELECT md5({}) AS m FROM {} AS q{}) AS r",
        row_text(contract, &canonical_text_duckdb), relation, open);
}

}  // namespace weir::reconcile
