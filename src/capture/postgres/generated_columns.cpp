#include "capture/postgres/generated_columns.h"

#include <fmt/format.h>

#include "capture/postgres/named_tables.h"

namespace weir::capture::postgres {
namespace {

constexpr int refuses_under_full = 180'000;

}  // namespace

Result<std::map<catalog::TableName, std::string>> generated_identities(
    Connection& connection, const std::vector<catalog::TableName>& names) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT n.nspname, c.relname, a.attname FROM {} {} JOIN pg_attribute a ON "
                "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> "
                "'' WHERE a.attnum = ANY (i.indkey) OR (c.relreplident = 'f' AND {}) ORDER BY "
                "a.attnum",
                from_named_tables(connection, names), join_identity_index,
                connection.server_version() >= refuses_under_full)));
    std::map<catalog::TableName, std::string> found;
    for (const TextRow& row : rows) {
        found.try_emplace({row[0].value_or(""), row[1].value_or("")}, row[2].value_or(""));
    }
    return found;
}

}  // namespace weir::capture::postgres
