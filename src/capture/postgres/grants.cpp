#include "capture/postgres/grants.h"

#include <fmt/format.h>

#include <set>

#include "capture/postgres/partitions.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/table_discovery.h"

namespace weir::capture::postgres {
namespace {

using Statements = std::vector<std::string>;

/// What every role may do unless somebody has taken it away.
Status grant_what_is_not_public(Connection& connection, const std::string& role, bool snapshot_only,
                                Statements& statements) {
    TRY_LET(const std::string function, flush_function(connection));
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT current_database(), has_database_privilege('public', current_database(), "
                "'CONNECT'), has_function_privilege('public', {}, 'EXECUTE')",
                connection.quote_literal(function))));
    if (rows[0][1] != "t") {
        statements.push_back(fmt::format("GRANT CONNECT ON DATABASE {} TO {}",
                                         connection.quote_identifier(rows[0][0].value_or("")),
                                         role));
    }
    if (rows[0][2] != "t" && !snapshot_only) {
        statements.push_back(fmt::format("GRANT EXECUTE ON FUNCTION {} TO {}", function, role));
    }
    return {};
}

/// A managed service has a role in place of the attribute, which only a superuser may give.
Result<Statements> make_role(Connection& connection, const std::string& role, bool snapshot_only) {
    TRY_LET(const auto given,
            connection.query("SELECT FROM pg_roles WHERE rolname = 'rds_replication'"));
    if (snapshot_only || given.empty()) {
        return Statements{
            fmt::format("CREATE ROLE {} LOGIN{}", role, snapshot_only ? "" : " REPLICATION")};
    }
    return Statements{fmt::format("CREATE ROLE {} LOGIN", role),
                      fmt::format("GRANT rds_replication TO {}", role)};
}

void grant_tables(const Connection& connection, const std::string& role,
                  const std::vector<catalog::TableName>& names, Statements& statements) {
    std::set<std::string> schemas;
    std::string list;
    for (const catalog::TableName& name : names) {
        const std::string schema = connection.quote_identifier(name.schema);
        schemas.insert(schema);
        list += fmt::format("{}{}.{}", list.empty() ? "" : ", ", schema,
                            connection.quote_identifier(name.table));
    }
    for (const std::string& schema : schemas) {
        statements.push_back(fmt::format("GRANT USAGE ON SCHEMA {} TO {}", schema, role));
    }
    statements.push_back(fmt::format("GRANT SELECT ON {} TO {}", list, role));
}

/// The snapshot reads each partition by itself.
Result<std::vector<catalog::TableName>> with_partitions(Connection& connection,
                                                        std::vector<catalog::TableName> names) {
    TRY_LET(const auto partitions, read_partitions(connection, names));
    for (const Partition& partition : partitions) {
        names.push_back(partition.name);
    }
    return names;
}

}  // namespace

Result<Statements> grant_statements(Connection& connection, const std::string& role,
                                    const PostgresOptions& options, bool snapshot_only) {
    TRY_LET(const auto names,
            TableDiscovery(connection).find_tables(options.tables, options.exclude));
    TRY_LET(const auto readable, with_partitions(connection, names));
    const std::string quoted = connection.quote_identifier(role);
    TRY_LET(Statements statements, make_role(connection, quoted, snapshot_only));
    TRY(grant_what_is_not_public(connection, quoted, snapshot_only, statements));
    grant_tables(connection, quoted, readable, statements);
    if (!snapshot_only) {
        TRY_LET(const auto publications,
                create_publication_statements(connection, options.publication, names));
        statements.insert(statements.end(), publications.begin(), publications.end());
    }
    return statements;
}

}  // namespace weir::capture::postgres
