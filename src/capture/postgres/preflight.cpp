#include "capture/postgres/preflight.h"

#include <fmt/format.h>

#include "capture/postgres/generated_columns.h"
#include "capture/postgres/named_tables.h"
#include "capture/postgres/pooler.h"
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

std::string quoted(const Connection& connection, const catalog::TableName& name) {
    return fmt::format("{}.{}", connection.quote_identifier(name.schema),
                       connection.quote_identifier(name.table));
}

Status check_privileges(Connection& connection, const std::vector<catalog::TableName>& names,
                        Findings& findings) {
    TRY_LET(
        const auto rows,
        connection.query(
            with_parts(connection, names) +
            "SELECT n.nspname, c.relname, has_schema_privilege(n.oid, 'USAGE'), "
            "has_table_privilege(c.oid, 'SELECT') FROM part JOIN pg_class c ON c.oid = part.oid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2"));
    for (const TextRow& row : rows) {
        const catalog::TableName name{row[0].value_or(""), row[1].value_or("")};
        if (row[2] != "t") {
            findings.push_back({.object = name.to_string(),
                                .message = "the role may not use the table's schema",
                                .remedy = fmt::format("GRANT USAGE ON SCHEMA {} TO ...",
                                                      connection.quote_identifier(name.schema))});
        }
        if (row[3] != "t") {
            findings.push_back(
                {.object = name.to_string(),
                 .message = "the role may not read the table",
                 .remedy = fmt::format("GRANT SELECT ON {} TO ...", quoted(connection, name))});
        }
    }
    return {};
}

Status check_generated(Connection& connection, const std::vector<catalog::TableName>& names,
                       Findings& findings) {
    TRY_LET(const auto generated, generated_identities(connection, names));
    for (const auto& [name, column] : generated) {
        findings.push_back(
            {.object = fmt::format("{}.{}", name.to_string(), column),
             .message = "a generated column is part of the row's identity, and does not reach the "
                        "log; from PostgreSQL 18 on the server refuses updates and deletes once "
                        "the table is published",
             .remedy = fmt::format("a unique index of ordinary NOT NULL columns, then ALTER TABLE "
                                   "{} REPLICA IDENTITY USING INDEX ...; or leave the table out",
                                   quoted(connection, name))});
    }
    return {};
}

void check_identity(const Connection& connection, const catalog::TableContract& contract,
                    Findings& findings) {
    if (contract.identity == catalog::RowIdentity::none) {
        findings.push_back(
            {.severity = Finding::Severity::warning,
             .object = contract.name.to_string(),
             .message = "its rows have no replica identity: it is captured as an append log, of "
                        "inserts and truncates alone; its updates and deletes stay in the source",
             .remedy = fmt::format("nothing, if rows are only ever added; else add a primary key, "
                                   "or ALTER TABLE {} REPLICA IDENTITY FULL, before weir init",
                                   quoted(connection, contract.name))});
    }
}

Status check_tables(Connection& connection, const std::vector<catalog::TableName>& names,
                    bool snapshot_only, Findings& findings) {
    TRY_LET(const auto described, TableDiscovery(connection).describe_all(names));
    for (const LeftOutTable& table : described.others) {
        findings.push_back({.object = table.name.to_string(),
                            .message = table.reason,
                            .remedy = "rename what has this name, or leave the table out"});
    }
    for (const CapturedTable& table : described.tables) {
        if (!snapshot_only) {
            check_identity(connection, *table.contract, findings);
        }
        check_names(*table.contract, findings);
    }
    if (!snapshot_only) {
        TRY(check_generated(connection, names, findings));
    }
    return check_privileges(connection, names, findings);
}

}  // namespace

Result<Findings> check_source(Connection& connection, const PostgresOptions& options,
                              bool snapshot_only) {
    Findings findings;
    if (const Status direct = check_direct(connection); !direct) {
        findings.push_back(
            {.object = "server",
             .message = "a pooler stands between weir and the server",
             .remedy = "connect to the server itself; " + direct_address(connection.host())});
    }
    if (!snapshot_only) {
        TRY(check_log(connection, options, findings));
    }
    TableDiscovery discovery(connection);
    TRY_LET(const auto names, discovery.find_tables(options.tables, options.exclude));
    TRY(check_tables(connection, names, snapshot_only, findings));
    TRY_LET(const auto left_out, discovery.find_left_out(options.tables, options.exclude));
    for (const LeftOutTable& table : left_out) {
        findings.push_back({.severity = Finding::Severity::warning,
                            .object = table.name.to_string(),
                            .message = "the table is left out: " + table.reason,
                            .remedy = "nothing, if nobody needs it downstream"});
    }
    return findings;
}

}  // namespace weir::capture::postgres
