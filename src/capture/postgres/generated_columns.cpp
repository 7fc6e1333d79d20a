#include "capture/postgres/generated_columns.h"

#include <fmt/format.h>

namespace weir::capture::postgres {
namespace {

constexpr int refuses_under_full = 180'000;

}  // namespace

Result<std::optional<std::string>> generated_identity(Connection& connection,
                                                      const catalog::TableName& name) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
                "AND a.attgenerated <> '' LEFT JOIN pg_index i ON i.indrelid = c.oid AND CASE "
                "c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END "
                "WHERE n.nspname = {} AND c.relname = {} AND (a.attnum = ANY (i.indkey) OR "
                "(c.relreplident = 'f' AND {})) ORDER BY a.attnum LIMIT 1",
                connection.quote_literal(name.schema), connection.quote_literal(name.table),
                connection.server_version() >= refuses_under_full)));
    return rows.empty() ? std::nullopt : rows[0][0];
}

}  // namespace weir::capture::postgres
