#include "capture/postgres/publication.h"

#include <fmt/format.h>

#include <set>

#include "capture/postgres/generated_columns.h"

namespace weir::capture::postgres {
namespace {

constexpr int knows_generated_columns = 180'000;

std::string publication_settings(int server_version) {
    const std::string settings =
        "publish = 'insert, update, delete, truncate', publish_via_partition_root = false";
    return server_version >= knows_generated_columns
               ? settings + ", publish_generated_columns = none"
               : settings;
}

/// ONLY: tables that inherit from one are captured when they are named themselves.
std::string table_list(const Connection& connection,
                       const std::vector<catalog::TableName>& tables) {
    std::string list;
    for (const catalog::TableName& name : tables) {
        list += fmt::format("{}ONLY {}.{}", list.empty() ? "" : ", ",
                            connection.quote_identifier(name.schema),
                            connection.quote_identifier(name.table));
    }
    return list;
}

Status check_publishable(Connection& connection, const catalog::TableName& name) {
    TRY_LET(const auto column, generated_identity(connection, name));
    if (column) {
        return fail(ErrorKind::unsupported,
                    "a generated column is part of the row's identity, and does not reach the log; "
                    "choose another identity or leave the table out, table={}, column={}",
                    name.to_string(), *column);
    }
    return {};
}

enum class Found { none, other, as_wanted };

/// Whole tables count: one with a row filter or a list of columns is left out of the comparison.
Result<bool> names_exactly(Connection& connection, const std::string& publication,
                           const std::vector<catalog::TableName>& tables) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT n.nspname, c.relname, r.prqual IS NULL AND r.prattrs IS NULL FROM "
                "pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c "
                "ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
                "p.pubname = {0} UNION ALL SELECT '', '', false FROM pg_publication p JOIN "
                "pg_publication_namespace s ON s.pnpubid = p.oid WHERE p.pubname = {0}",
                connection.quote_literal(publication))));
    std::set<catalog::TableName> found;
    for (const TextRow& row : rows) {
        if (row[2] == "t") {
            found.insert({row[0].value_or(""), row[1].value_or("")});
        }
    }
    return found.size() == rows.size() &&
           found == std::set<catalog::TableName>(tables.begin(), tables.end());
}

Result<Found> look_at(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables) {
    TRY_LET(
        const auto rows,
        connection.query(fmt::format(
            "SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate AND NOT pubviaroot "
            "AND NOT puballtables{} FROM pg_publication WHERE pubname = {}",
            connection.server_version() >= knows_generated_columns ? " AND pubgencols = 'n'" : "",
            connection.quote_literal(publication))));
    if (rows.empty()) {
        return Found::none;
    }
    TRY_LET(const bool exactly, names_exactly(connection, publication, tables));
    return rows[0][0] == "t" && exactly ? Found::as_wanted : Found::other;
}

}  // namespace

std::string create_publication_statement(const Connection& connection,
                                         const std::string& publication,
                                         const std::vector<catalog::TableName>& tables) {
    return fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH ({})",
                       connection.quote_identifier(publication), table_list(connection, tables),
                       publication_settings(connection.server_version()));
}

Status publish_tables(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables) {
    for (const catalog::TableName& name : tables) {
        TRY(check_publishable(connection, name));
    }
    TRY_LET(const Found found, look_at(connection, publication, tables));
    if (found == Found::as_wanted) {
        return {};
    }
    return connection
        .execute(found == Found::none
                     ? create_publication_statement(connection, publication, tables)
                     : fmt::format("ALTER PUBLICATION {0} SET TABLE {1}; ALTER PUBLICATION {0} "
                                   "SET ({2})",
                                   connection.quote_identifier(publication),
                                   table_list(connection, tables),
                                   publication_settings(connection.server_version())))
        .with("cannot publish tables, publication=" + publication);
}

Status drop_publication(Connection& connection, const std::string& publication) {
    return connection.execute("DROP PUBLICATION IF EXISTS " +
                              connection.quote_identifier(publication));
}

}  // namespace weir::capture::postgres
