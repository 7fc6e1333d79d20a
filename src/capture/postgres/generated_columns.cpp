#include "capture/postgres/generated_columns.h"

#include <fmt/format.h>

#include "capture/postgres/named_tables.h"

namespace weir::capture::postgres {
namespace {

constexpr int publishes_stored = 180'000;

// Whether the table, or one of its partitions, writes whole old rows.
constexpr auto writes_whole_rows =
    "(c.relreplident = 'f' OR EXISTS (WITH RECURSIVE part AS (SELECT inhrelid FROM pg_inherits "
    "WHERE inhparent = c.oid AND c.relkind = 'p' UNION ALL SELECT h.inhrelid FROM part JOIN "
    "pg_inherits h ON h.inhparent = part.inhrelid) SELECT FROM part JOIN pg_class p ON p.oid = "
    "part.inhrelid AND p.relreplident = 'f'))";

}  // namespace

std::string is_captured(const Connection& connection) {
    return connection.server_version() >= publishes_stored ? "a.attgenerated IN ('', 's')"
                                                           : "a.attgenerated = ''";
}

bool is_captured(char generated, const Connection& connection) {
    return generated == 0 || (generated == 's' && connection.server_version() >= publishes_stored);
}

Result<std::map<catalog::TableName, std::string>> generated_identities(
    Connection& connection, const std::vector<catalog::TableName>& names) {
    const bool refuses_under_full = connection.server_version() >= publishes_stored;
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT n.nspname, c.relname, a.attname FROM {} {} JOIN pg_attribute a ON "
                "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT {} WHERE "
                "a.attnum = ANY (i.indkey) OR ({} AND {}) ORDER BY a.attnum",
                from_named_tables(connection, names), join_identity_index, is_captured(connection),
                refuses_under_full, writes_whole_rows)));
    std::map<catalog::TableName, std::string> found;
    for (const TextRow& row : rows) {
        found.try_emplace({row[0].value_or(""), row[1].value_or("")}, row[2].value_or(""));
    }
    return found;
}

}  // namespace weir::capture::postgres
