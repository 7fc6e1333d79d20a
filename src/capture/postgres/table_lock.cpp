#include "capture/postgres/table_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "capture/postgres/named_tables.h"

namespace weir::capture::postgres {
namespace {

// statement_timeout would end the wait without a word of whom it was for.
constexpr auto limit_sql =
    "SELECT set_config('lock_timeout', greatest(1, least({}, (SELECT nullif(setting::bigint, 0) "
    "FROM pg_settings WHERE name = 'lock_timeout'), (SELECT nullif(setting::bigint, 0) * 4 / 5 "
    "FROM pg_settings WHERE name = 'statement_timeout')))::text, false)";

// Those that have the lock before those that wait for it: we stand in line behind both.
constexpr auto held_sql =
    "SELECT DISTINCT ON (part.root) n.nspname, r.relname, l.pid FROM part JOIN pg_class r ON r.oid "
    "= part.root JOIN pg_namespace n ON n.oid = r.relnamespace JOIN pg_locks l ON l.locktype = "
    "'relation' AND l.relation = part.oid AND l.database = (SELECT oid FROM pg_database WHERE "
    "datname = current_database()) AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', "
    "'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND l.pid IS DISTINCT FROM "
    "pg_backend_pid() ORDER BY part.root, l.mode = 'AccessExclusiveLock' DESC, l.granted DESC";

std::string lock_statement(const Connection& session,
                           const std::vector<catalog::TableName>& names) {
    std::string list;
    for (const catalog::TableName& name : names) {
        // ONLY would leave out a partitioned table's partitions.
        list += (list.empty() ? "" : ", ") + quote_table(session, name);
    }
    return fmt::format("LOCK TABLE {} IN ACCESS SHARE MODE", list);
}

/// Locks each table that can be had at once, and returns the others.
Result<std::vector<catalog::TableName>> lock_one_by_one(
    Connection& session, const std::vector<catalog::TableName>& names) {
    std::vector<catalog::TableName> refused;
    for (const catalog::TableName& name : names) {
        TRY(session.execute("SAVEPOINT one"));
        const Status locked = session.execute(lock_statement(session, {name}) + " NOWAIT");
        if (!locked && locked.error().kind() != ErrorKind::unavailable) {
            return std::unexpected(locked.error());
        }
        TRY(session.execute(locked ? "RELEASE SAVEPOINT one" : "ROLLBACK TO SAVEPOINT one"));
        if (!locked) {
            refused.push_back(name);
        }
    }
    return refused;
}

/// Whom others wait for, of these tables and their partitions.
Result<std::vector<HeldTable>> find_held(Connection& session,
                                         const std::vector<catalog::TableName>& names) {
    TRY_LET(const auto rows, session.query(with_parts(session, names) + held_sql));
    std::vector<HeldTable> held;
    held.reserve(rows.size());
    for (const TextRow& row : rows) {
        held.push_back({.name = {row[0].value_or(""), row[1].value_or("")},
                        .holder = row[2] ? "process " + *row[2] : "a prepared transaction"});
    }
    return held;
}

}  // namespace

Status limit_lock_wait(Connection& session, std::chrono::milliseconds wait) {
    return wait.count() == 0 ? Status() : session.execute(fmt::format(limit_sql, wait.count()));
}

Result<std::vector<HeldTable>> lock_tables(Connection& session,
                                           const std::vector<catalog::TableName>& names) {
    if (names.empty()) {
        return std::vector<HeldTable>();
    }
    TRY(session.execute("SAVEPOINT tables"));
    const Status locked = session.execute(lock_statement(session, names));
    if (locked) {
        return std::vector<HeldTable>();
    }
    if (locked.error().kind() != ErrorKind::unavailable ||
        !session.execute("ROLLBACK TO SAVEPOINT tables")) {
        return std::unexpected(locked.error());
    }
    TRY_LET(const auto refused, lock_one_by_one(session, names));
    TRY_LET(const auto known, find_held(session, refused));
    std::vector<HeldTable> held;
    for (const catalog::TableName& name : refused) {
        const auto found = std::ranges::find(known, name, &HeldTable::name);
        held.push_back(found == known.end() ? HeldTable{name, "unknown by now"} : *found);
    }
    return held;
}

Status fail_if_held(Connection& session, const std::vector<catalog::TableName>& names) {
    TRY_LET(const auto held, find_held(session, names));
    return held.empty() ? Status() : fail(ErrorKind::unavailable, "{}", held_message(held.front()));
}

std::string held_message(const HeldTable& table) {
    return fmt::format(
        "another session has locked the table for longer than weir waits (source.lock_wait, or the "
        "role's lock_timeout): let it come to its end, or end it, table={}, holder={}",
        table.name.to_string(), table.holder);
}

}  // namespace weir::capture::postgres
