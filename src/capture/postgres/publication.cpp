#include "capture/postgres/publication.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "capture/postgres/generated_columns.h"
#include "capture/postgres/named_tables.h"
#include "capture/postgres/table_lock.h"

namespace weir::capture::postgres {
namespace {

constexpr int knows_generated_columns = 180'000;
constexpr std::size_t name_bytes_max = 63;
constexpr std::string_view append_suffix = "_append";

/// A publication as it is to be.
struct Wanted {
    std::string name;
    bool whole = true;  // All operations; else inserts and truncates alone.
    std::set<catalog::TableName> tables = {};
};

std::string settings(const Wanted& wanted, int server_version) {
    return fmt::format(
        "publish = '{}', publish_via_partition_root = true{}",
        wanted.whole ? "insert, update, delete, truncate" : "insert, truncate",
        server_version >= knows_generated_columns ? ", publish_generated_columns = stored" : "");
}

/// ONLY: tables that inherit from one are captured when they are named themselves.
std::string table_list(const Connection& connection, const Wanted& wanted) {
    std::string list;
    for (const catalog::TableName& name : wanted.tables) {
        list += fmt::format("{}ONLY {}.{}", list.empty() ? "" : ", ",
                            connection.quote_identifier(name.schema),
                            connection.quote_identifier(name.table));
    }
    return list;
}

std::string create_statement(const Connection& connection, const Wanted& wanted) {
    const std::string list = table_list(connection, wanted);
    return fmt::format(
        "CREATE PUBLICATION {}{} WITH ({})", connection.quote_identifier(wanted.name),
        list.empty() ? "" : " FOR TABLE " + list, settings(wanted, connection.server_version()));
}

std::string change_statement(const Connection& connection, const Wanted& wanted) {
    const std::string name = connection.quote_identifier(wanted.name);
    if (wanted.tables.empty()) {  // SET TABLE needs one.
        return fmt::format("DROP PUBLICATION {}; {}", name, create_statement(connection, wanted));
    }
    return fmt::format("ALTER PUBLICATION {0} SET TABLE {1}; ALTER PUBLICATION {0} SET ({2})", name,
                       table_list(connection, wanted),
                       settings(wanted, connection.server_version()));
}

Status check_publishable(Connection& connection, const std::vector<catalog::TableName>& tables) {
    TRY_LET(const auto generated, generated_identities(connection, tables));
    if (!generated.empty()) {
        const auto& [name, column] = *generated.begin();
        return fail(ErrorKind::unsupported,
                    "a generated column is part of the row's identity, and does not reach the log; "
                    "choose another identity or leave the table out, table={}, column={}",
                    name.to_string(), column);
    }
    return {};
}

Result<std::array<Wanted, 2>> wanted_publications(Connection& connection,
                                                  const std::string& publication,
                                                  const std::vector<catalog::TableName>& tables) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT n.nspname, c.relname, ({0}) = 'f' OR (({0}) <> 'n' AND i.indexrelid IS NOT "
                "NULL) FROM {1} {2}",
                identity_letter, from_named_tables(connection, tables), join_identity_index)));
    std::array<Wanted, 2> wanted{
        Wanted{.name = publication},
        Wanted{.name = append_publication(publication), .whole = false},
    };
    for (const TextRow& row : rows) {
        wanted.at(row[2] == "t" ? 0 : 1).tables.insert({row[0].value_or(""), row[1].value_or("")});
    }
    return wanted;
}

/// Whole tables count: one with a row filter or a list of columns is left out of the comparison.
Result<bool> names_exactly(Connection& connection, const Wanted& wanted) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT n.nspname, c.relname, r.prqual IS NULL AND r.prattrs IS NULL FROM "
                "pg_publication p JOIN pg_publication_rel r ON r.prpubid = p.oid JOIN pg_class c "
                "ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
                "p.pubname = {0} UNION ALL SELECT '', '', false FROM pg_publication p JOIN "
                "pg_publication_namespace s ON s.pnpubid = p.oid WHERE p.pubname = {0}",
                connection.quote_literal(wanted.name))));
    std::set<catalog::TableName> found;
    for (const TextRow& row : rows) {
        if (row[2] == "t") {
            found.insert({row[0].value_or(""), row[1].value_or("")});
        }
    }
    return found.size() == rows.size() && found == wanted.tables;
}

/// Returns what makes the publication as it is to be; empty if it is so.
Result<std::string> missing_statement(Connection& connection, const Wanted& wanted) {
    const std::string whole = wanted.whole ? "true" : "false";
    TRY_LET(
        const auto rows,
        connection.query(fmt::format(
            "SELECT pubinsert AND pubupdate = {0} AND pubdelete = {0} AND pubtruncate AND "
            "pubviaroot AND NOT puballtables{1} FROM pg_publication WHERE pubname = {2}",
            whole,
            connection.server_version() >= knows_generated_columns ? " AND pubgencols = 's'" : "",
            connection.quote_literal(wanted.name))));
    if (rows.empty()) {
        return create_statement(connection, wanted);
    }
    TRY_LET(const bool exactly, names_exactly(connection, wanted));
    return rows[0][0] == "t" && exactly ? std::string() : change_statement(connection, wanted);
}

}  // namespace

std::string append_publication(const std::string& publication) {
    return publication.substr(0, name_bytes_max - append_suffix.size()) +
           std::string(append_suffix);
}

Result<std::vector<std::string>> create_publication_statements(
    Connection& connection, const std::string& publication,
    const std::vector<catalog::TableName>& tables) {
    TRY_LET(const auto publications, wanted_publications(connection, publication, tables));
    std::vector<std::string> statements;
    statements.reserve(publications.size());
    for (const Wanted& wanted : publications) {
        statements.push_back(create_statement(connection, wanted));
    }
    return statements;
}

Status publish_tables(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables) {
    TRY(check_publishable(connection, tables));
    TRY_LET(const auto publications, wanted_publications(connection, publication, tables));
    // One transaction: a table that goes from one to the other is never in both.
    std::string statements;
    for (const Wanted& wanted : publications) {
        TRY_LET(const std::string missing, missing_statement(connection, wanted));
        statements += missing.empty() ? "" : missing + "; ";
    }
    const Status published = connection.execute(statements);
    if (!published && published.error().kind() == ErrorKind::unavailable) {
        TRY(fail_if_held(connection, tables).with("cannot publish tables"));
    }
    return Status(published).with("cannot publish tables, publication=" + publication);
}

Status drop_publications(Connection& connection, const std::string& publication) {
    return connection.execute(
        fmt::format("DROP PUBLICATION IF EXISTS {}, {}", connection.quote_identifier(publication),
                    connection.quote_identifier(append_publication(publication))));
}

}  // namespace weir::capture::postgres
