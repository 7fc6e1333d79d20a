#include "capture/postgres/replication_slot.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::capture::postgres {
namespace {

// A commit that waits for its flush takes along those before it that did not.
constexpr auto flush_log =
    "BEGIN; SET LOCAL synchronous_commit = 'local'; "
    "SELECT pg_logical_emit_message(true, 'weir', ''); COMMIT";

template <typename Number>
Number to_number(std::string_view text) {
    Number number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Result<std::optional<SlotState>> read_slot(Connection& connection, const std::string& slot) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT confirmed_flush_lsn, active_pid, wal_status, coalesce(pg_wal_lsn_diff("
                "pg_current_wal_lsn(), confirmed_flush_lsn), 0)::bigint FROM pg_replication_slots "
                "WHERE slot_name = {} AND slot_type = 'logical'",
                connection.quote_literal(slot))));
    if (rows.empty()) {
        return std::nullopt;
    }
    const TextRow& row = rows[0];
    SlotState state{.confirmed = {}, .active_process = {}, .wal_status = row[2].value_or("lost")};
    if (row[0]) {
        TRY_LET(state.confirmed, change::Position::parse(*row[0]));
    }
    if (row[1]) {
        state.active_process = to_number<std::int32_t>(*row[1]);
    }
    state.lag_bytes = to_number<std::uint64_t>(row[3].value_or("0"));
    return state;
}

Status check_slot(Connection& connection, const std::string& slot, change::Position position) {
    TRY_LET(const auto state, read_slot(connection, slot));
    if (!state) {
        return fail(ErrorKind::corrupt,
                    "the replication slot is gone, and with it the log since the last cut; take a "
                    "new snapshot (weir drop, weir init), slot={}",
                    slot);
    }
    if (state->wal_status == "lost") {
        return fail(ErrorKind::corrupt,
                    "the server has dropped log that the slot still needed "
                    "(max_slot_wal_keep_size); take a new snapshot, slot={}",
                    slot);
    }
    if (state->confirmed > position) {
        return fail(ErrorKind::corrupt,
                    "the slot is ahead of the ledger: changes in between are gone from the log; "
                    "restore the ledger or take a new snapshot, slot={}, ledger={}",
                    state->confirmed.to_string(), position.to_string());
    }
    return {};
}

Result<ExportedSnapshot> create_slot(Connection& replication, const std::string& slot,
                                     SlotLife life) {
    const std::string form =
        replication.server_version() >= 150'000 ? "(SNAPSHOT 'export')" : "EXPORT_SNAPSHOT";
    TRY_LET(const auto rows,
            replication
                .query(fmt::format("CREATE_REPLICATION_SLOT {} {} LOGICAL pgoutput {}",
                                   replication.quote_identifier(slot),
                                   life == SlotLife::temporary ? "TEMPORARY" : "", form))
                .with("cannot create replication slot " + slot));
    TRY_LET(const auto position, change::Position::parse(rows[0][1].value_or("")));
    return ExportedSnapshot{.position = position, .name = rows[0][2].value_or("")};
}

Status drop_slot(Connection& connection, const std::string& slot) {
    return connection.execute(
        fmt::format("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE "
                    "slot_name = {}",
                    connection.quote_literal(slot)));
}

Status copy_slot(Connection& connection, const std::string& from, const std::string& to) {
    return connection.execute(fmt::format("SELECT pg_copy_logical_replication_slot({}, {}, false)",
                                          connection.quote_literal(from),
                                          connection.quote_literal(to)));
}

Status publish_tables(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables) {
    std::string list;
    for (const catalog::TableName& name : tables) {
        // ONLY: tables that inherit from this one are captured when they are named themselves.
        list += fmt::format("{}ONLY {}.{}", list.empty() ? "" : ", ",
                            connection.quote_identifier(name.schema),
                            connection.quote_identifier(name.table));
    }
    TRY_LET(const auto rows, connection.query("SELECT 1 FROM pg_publication WHERE pubname = " +
                                              connection.quote_literal(publication)));
    const std::string quoted = connection.quote_identifier(publication);
    return connection
        .execute(rows.empty() ? fmt::format("CREATE PUBLICATION {} FOR TABLE {}", quoted, list)
                              : fmt::format("ALTER PUBLICATION {} SET TABLE {}", quoted, list))
        .with("cannot publish tables, publication=" + publication);
}

Status drop_publication(Connection& connection, const std::string& publication) {
    return connection.execute("DROP PUBLICATION IF EXISTS " +
                              connection.quote_identifier(publication));
}

Result<change::Position> durable_end(Connection& connection) {
    TRY_LET(const auto rows, connection.query("SELECT pg_current_wal_flush_lsn()"));
    return change::Position::parse(rows[0][0].value_or(""));
}

Result<change::Position> log_end(Connection& connection) {
    TRY_LET(const auto ends,
            connection.query("SELECT pg_current_wal_insert_lsn(), pg_current_wal_flush_lsn()"));
    TRY_LET(const auto written, change::Position::parse(ends[0][0].value_or("")));
    TRY_LET(const auto flushed, change::Position::parse(ends[0][1].value_or("")));
    if (flushed >= written) {
        return flushed;
    }
    TRY(connection.execute(flush_log).with("cannot flush the server's log"));
    return durable_end(connection);
}

}  // namespace weir::capture::postgres
