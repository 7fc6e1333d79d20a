#include "capture/postgres/preflight.h"

#include <fmt/format.h>

#include "capture/postgres/generated_columns.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/table_discovery.h"

namespace weir::capture::postgres {
namespace {

using Findings = std::vector<Finding>;

Result<std::string> ask(Connection& connection, const std::string& statement) {
    TRY_LET(const auto rows, connection.query(statement));
    return rows.empty() ? std::string() : rows[0][0].value_or("");
}

/// By an empty message a run until current has the server flush its log (`log_end`).
Status check_message(Connection& connection, Findings& findings) {
    TRY_LET(const std::string function, flush_function(connection));
    TRY_LET(const std::string may,
            ask(connection, fmt::format("SELECT has_function_privilege({}, 'EXECUTE')",
                                        connection.quote_literal(function))));
    if (may != "t") {
        findings.push_back(
            {.object = "role",
             .message = "the role may not have the server flush its log",
             .remedy = fmt::format("GRANT EXECUTE ON FUNCTION {} TO ...", function)});
    }
    return {};
}

Status check_role(Connection& connection, Findings& findings) {
    TRY_LET(const bool may, may_stream(connection));
    if (!may) {
        findings.push_back({.object = "role",
                            .message = "the role may not read the log",
                            .remedy = "ALTER ROLE ... REPLICATION; on Amazon RDS and Aurora GRANT "
                                      "rds_replication TO ..."});
    }
    return {};
}

Status check_log(Connection& connection, const PostgresOptions& options, Findings& findings) {
    TRY_LET(const std::string level, ask(connection, "SHOW wal_level"));
    if (level != "logical") {
        findings.push_back({.object = "server",
                            .message = fmt::format("wal_level is {}", level),
                            .remedy = "ALTER SYSTEM SET wal_level = logical; then restart the "
                                      "server (managed services: docs/postgres.md). Or read once "
                                      "without the log: --snapshot-only"});
    }
    TRY(check_role(connection, findings));
    TRY(check_message(connection, findings));
    TRY_LET(const auto slot, read_slot(connection, options.slot));
    TRY_LET(const std::string room, ask(connection,
                                        "SELECT (SELECT count(*) FROM pg_replication_slots) < "
                                        "current_setting('max_replication_slots')::int"));
    if (!slot && room != "t") {
        findings.push_back({.object = "server",
                            .message = "all replication slots are taken",
                            .remedy = "drop a slot that nobody reads, or raise "
                                      "max_replication_slots and restart"});
    }
    return {};
}

/// Says which columns would meet weir's own in the files.
void check_names(const catalog::TableContract& contract, Findings& findings) {
    for (const catalog::Column& column : contract.columns) {
        if (column.name.starts_with('_')) {
            findings.push_back(
                {.object = fmt::format("{}.{}", contract.name.to_string(), column.name),
                 .message = "a column's name begins with an underscore, as weir's "
                            "own columns do",
                 .remedy = "leave the table out, or rename the column"});
        }
    }
}

Status check_privileges(Connection& connection, const catalog::TableName& name,
                        const std::string& quoted, Findings& findings) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT') "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
                "{} AND c.relname = {}",
                connection.quote_literal(name.schema), connection.quote_literal(name.table))));
    if (!rows.empty() && rows[0][0] != "t") {
        findings.push_back({.object = name.to_string(),
                            .message = "the role may not use the table's schema",
                            .remedy = fmt::format("GRANT USAGE ON SCHEMA {} TO ...",
                                                  connection.quote_identifier(name.schema))});
    }
    if (!rows.empty() && rows[0][1] != "t") {
        findings.push_back({.object = name.to_string(),
                            .message = "the role may not read the table",
                            .remedy = fmt::format("GRANT SELECT ON {} TO ...", quoted)});
    }
    return {};
}

Status check_generated(Connection& connection, const catalog::TableName& name,
                       const std::string& quoted, Findings& findings) {
    TRY_LET(const auto column, generated_identity(connection, name));
    if (column) {
        findings.push_back(
            {.object = fmt::format("{}.{}", name.to_string(), *column),
             .message = "a generated column is part of the row's identity, and does not reach the "
                        "log; from PostgreSQL 18 on the server refuses updates and deletes once "
                        "the table is published",
             .remedy = fmt::format("a unique index of ordinary NOT NULL columns, then ALTER TABLE "
                                   "{} REPLICA IDENTITY USING INDEX ...; or leave the table out",
                                   quoted)});
    }
    return {};
}

Status check_table(Connection& connection, const catalog::TableName& name, bool snapshot_only,
                   Findings& findings) {
    TableDiscovery discovery(connection);
    TRY_LET(const CapturedTable table, discovery.describe(name, {1}));
    const std::string quoted = fmt::format("{}.{}", connection.quote_identifier(name.schema),
                                           connection.quote_identifier(name.table));
    if (!snapshot_only && table.contract->identity == catalog::RowIdentity::none) {
        findings.push_back(
            {.object = name.to_string(),
             .message = "updates and deletes of this table do not reach the log, and the server "
                        "refuses them once the table is published",
             .remedy = fmt::format("add a primary key, or ALTER TABLE {} REPLICA IDENTITY FULL, or "
                                   "leave the table out",
                                   quoted)});
    }
    if (!snapshot_only) {
        TRY(check_generated(connection, name, quoted, findings));
    }
    TRY(check_privileges(connection, name, quoted, findings));
    check_names(*table.contract, findings);
    return {};
}

}  // namespace

Result<Findings> check_source(Connection& connection, const PostgresOptions& options,
                              bool snapshot_only) {
    Findings findings;
    if (!snapshot_only) {
        TRY(check_log(connection, options, findings));
    }
    TableDiscovery discovery(connection);
    TRY_LET(const auto names, discovery.find_tables(options.tables));
    for (const catalog::TableName& name : names) {
        TRY(check_table(connection, name, snapshot_only, findings));
    }
    TRY_LET(const auto left_out, discovery.find_left_out(options.tables));
    for (const LeftOutTable& table : left_out) {
        findings.push_back({.severity = Finding::Severity::warning,
                            .object = table.name.to_string(),
                            .message = "the table is left out: " + table.reason,
                            .remedy = "nothing, if nobody needs it downstream"});
    }
    return findings;
}

}  // namespace weir::capture::postgres
