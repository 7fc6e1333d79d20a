#include "capture/postgres/replication_slot.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::capture::postgres {
namespace {

// A commit that waits for its flush takes along those before it that did not.
constexpr auto flush_log =
    "BEGIN; SET LOCAL synchronous_commit = 'local'; "
    "SELECT pg_logical_emit_message(true, 'weir', ''); COMMIT";

// What may be left of a limit before it is called a threat: one part of so many.
constexpr std::uint64_t threatened_share = 5;

template <typename Number>
std::optional<Number> number_or_none(const std::optional<std::string>& text) {
    Number number{};
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) {
        return std::nullopt;
    }
    return number;
}

/// Asks for the fields of `SlotState` in their order, as far as this server has them.
std::string slot_query(const Connection& connection, const std::string& slot) {
    const int version = connection.server_version();
    const bool knows_reason = version >= 170'000;
    const bool knows_idle_limit = version >= 180'000;
    return fmt::format(
        "SELECT s.confirmed_flush_lsn, s.active_pid, s.wal_status, {}, s.plugin = 'pgoutput' AND "
        "s.database = current_database(), "
        "greatest(pg_wal_lsn_diff(log.until, s.confirmed_flush_lsn), 0)::bigint, "
        "greatest(pg_wal_lsn_diff(log.until, s.restart_lsn), 0)::bigint, "
        "(SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size' "
        "AND setting <> '-1'), greatest(s.safe_wal_size, 0), {}, {}, {} "
        "FROM pg_replication_slots s, (SELECT CASE WHEN pg_is_in_recovery() THEN "
        "pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS until) log "
        "WHERE s.slot_name = {} AND s.slot_type = 'logical'",
        knows_reason ? "s.invalidation_reason" : "NULL",
        knows_reason ? "extract(epoch FROM clock_timestamp() - s.inactive_since)::bigint" : "NULL",
        knows_idle_limit ? "(SELECT setting::bigint FROM pg_settings WHERE name = "
                           "'idle_replication_slot_timeout' AND setting <> '0')"
                         : "NULL",
        knows_reason ? "s.failover" : "false", connection.quote_literal(slot));
}

// For whose end a process waits: of a prepared transaction nobody has the lock.
constexpr auto awaited_sql =
    "SELECT p.gid, h.pid, extract(epoch FROM clock_timestamp() - coalesce(p.prepared, "
    "a.xact_start))::bigint, w.transactionid FROM pg_locks w LEFT JOIN pg_locks h ON h.locktype = "
    "'transactionid' AND h.transactionid = w.transactionid AND h.granted LEFT JOIN "
    "pg_prepared_xacts p ON p.transaction = w.transactionid LEFT JOIN pg_stat_activity a ON a.pid "
    "= h.pid WHERE w.pid = {} AND w.locktype = 'transactionid' AND NOT w.granted";

/// Says whose end the process waits for; nothing if it waits for nobody, or nobody can tell.
std::optional<Error> awaited(Connection& side, int process) {
    const auto rows = side.query(fmt::format(awaited_sql, process));
    if (!rows || rows->empty()) {
        return std::nullopt;
    }
    const TextRow& row = rows->front();
    const std::string seconds = row[2].value_or("unknown");
    const std::string transaction = row[3].value_or("");
    return row[0] ? Error(ErrorKind::unavailable,
                          fmt::format("the replication slot waits for a prepared transaction; end "
                                      "it with COMMIT PREPARED or ROLLBACK PREPARED, gid={}, "
                                      "transaction={}, since={} s",
                                      *row[0], transaction, seconds))
                  : Error(ErrorKind::unavailable,
                          fmt::format("the replication slot waits for a transaction in progress, "
                                      "process={}, transaction={}, since={} s",
                                      row[1].value_or("unknown"), transaction, seconds));
}

/// Tells for whom the server waits, once for each, until that takes too long.
class TellAwaited {
public:
    TellAwaited(Connection& side, int process, const ServerWait& wait)
        : side_(side), process_(process), wait_(wait) {}

    Status operator()() {
        if (wait_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped while the replication slot was made");
        }
        const auto why = awaited(side_, process_);
        const std::string text = why ? why->message() : std::string();
        // The time at its end goes on.
        const std::string who = text.substr(0, text.rfind(", since="));
        if (why && who != told_ && wait_.tell) {
            wait_.tell(*why);
        }
        told_ = who;
        const bool is_over = wait_.longest.count() > 0 && Clock::now() - begun_ >= wait_.longest;
        return is_over ? gave_up(text) : Status();
    }

private:
    using Clock = std::chrono::steady_clock;

    Status gave_up(const std::string& why) const {
        return fail(ErrorKind::unavailable,
                    "the replication slot could not be made within source.slot_wait, waited={} s: "
                    "{}",
                    std::chrono::duration_cast<std::chrono::seconds>(wait_.longest).count(),
                    why.empty() ? "the server does not say for whom it waits" : why);
    }

    Connection& side_;
    int process_;
    const ServerWait& wait_;
    Clock::time_point begun_ = Clock::now();
    std::string told_;
};

/// The server's word for what it did, in the words of the setting behind it.
std::string reason_of(const std::string& invalidation) {
    if (invalidation == "idle_timeout") {
        return "nobody read it for idle_replication_slot_timeout";
    }
    if (invalidation == "rows_removed") {
        return "rows of the catalog that it needs were removed";
    }
    if (invalidation == "wal_level_insufficient") {
        return "wal_level is no longer logical";
    }
    return "the log that it holds was larger than max_slot_wal_keep_size";
}

}  // namespace

Result<bool> may_stream(Connection& connection) {
    TRY_LET(const auto rows,
            connection.query(
                "SELECT rolreplication OR rolsuper OR EXISTS (SELECT FROM pg_roles given WHERE "
                "given.rolname = 'rds_replication' AND pg_has_role(given.oid, 'MEMBER')) FROM "
                "pg_roles WHERE rolname = current_user"));
    return rows[0][0] == "t";
}

Result<std::optional<SlotState>> read_slot(Connection& connection, const std::string& slot) {
    TRY_LET(const auto rows, connection.query(slot_query(connection, slot)));
    if (rows.empty()) {
        return std::nullopt;
    }
    const TextRow& row = rows[0];
    SlotState state{.confirmed = {}, .active_process = {}, .wal_status = row[2].value_or("lost")};
    if (row[0]) {
        TRY_LET(state.confirmed, change::Position::parse(*row[0]));
    }
    state.active_process = number_or_none<std::int32_t>(row[1]);
    state.invalidation = row[3].value_or("");
    state.fits = row[4] == "t";
    state.lag_bytes = number_or_none<std::uint64_t>(row[5]).value_or(0);
    state.retained_bytes = number_or_none<std::uint64_t>(row[6]).value_or(0);
    state.keep_bytes = number_or_none<std::uint64_t>(row[7]);
    state.safe_bytes = number_or_none<std::uint64_t>(row[8]);
    state.idle_seconds = number_or_none<std::uint64_t>(row[9]);
    state.idle_limit_seconds = number_or_none<std::uint64_t>(row[10]);
    state.failover = row[11] == "t";
    return state;
}

std::string threat_to(const SlotState& slot) {
    if (slot.wal_status == "unreserved") {
        return "the next checkpoint drops log that the slot needs (max_slot_wal_keep_size)";
    }
    if (slot.keep_bytes && slot.safe_bytes.value_or(0) < *slot.keep_bytes / threatened_share) {
        return fmt::format(
            "less than a fifth of max_slot_wal_keep_size is left, left={} bytes, of={} bytes",
            slot.safe_bytes.value_or(0), *slot.keep_bytes);
    }
    if (slot.idle_limit_seconds && slot.idle_seconds &&
        *slot.idle_seconds + *slot.idle_limit_seconds / threatened_share >=
            *slot.idle_limit_seconds) {
        return fmt::format(
            "less than a fifth of idle_replication_slot_timeout is left, idle={} s, of={} s",
            *slot.idle_seconds, *slot.idle_limit_seconds);
    }
    return {};
}

Status check_slot(Connection& connection, const std::string& slot, change::Position position) {
    TRY_LET(const auto state, read_slot(connection, slot));
    if (!state) {
        return fail(ErrorKind::corrupt,
                    "the replication slot is gone, and with it the log since the last cut; `weir "
                    "repair` goes on with a new one, slot={}",
                    slot);
    }
    if (!state->fits) {
        return fail(ErrorKind::corrupt,
                    "the replication slot was made anew for another database or another plugin; "
                    "`weir repair` goes on with a new one; if somebody else uses it, with another "
                    "name in source.slot, slot={}",
                    slot);
    }
    if (state->wal_status == "lost" || !state->invalidation.empty()) {
        return fail(ErrorKind::corrupt,
                    "the server has invalidated the replication slot, and with it dropped log that "
                    "was not read: {}; `weir repair` goes on with a new one, slot={}",
                    reason_of(state->invalidation), slot);
    }
    if (state->confirmed > position) {
        return fail(ErrorKind::corrupt,
                    "the slot is ahead of the ledger: changes in between are gone from the log; "
                    "restore the ledger or, if the slot was read by somebody else or made anew, "
                    "`weir repair` goes on with a new one, slot={}, ledger={}",
                    state->confirmed.to_string(), position.to_string());
    }
    return {};
}

Result<ExportedSnapshot> create_slot(Connection& replication, Connection& side,
                                     const std::string& slot, const ServerWait& wait,
                                     SlotLife life) {
    const int version = replication.server_version();
    const bool on_standbys = version >= 170'000 && life == SlotLife::permanent;
    const std::string form = on_standbys          ? "(SNAPSHOT 'export', FAILOVER true)"
                             : version >= 150'000 ? "(SNAPSHOT 'export')"
                                                  : "EXPORT_SNAPSHOT";
    TRY_LET(const auto rows,
            replication
                .query(fmt::format("CREATE_REPLICATION_SLOT {} {} LOGICAL pgoutput {}",
                                   replication.quote_identifier(slot),
                                   life == SlotLife::temporary ? "TEMPORARY" : "", form),
                       TellAwaited(side, replication.process(), wait))
                .with("cannot create replication slot " + slot));
    TRY_LET(const auto position, change::Position::parse(rows[0][1].value_or("")));
    return ExportedSnapshot{.position = position, .name = rows[0][2].value_or("")};
}

Status end_reader(Connection& connection, const std::string& slot) {
    return connection.execute(
        fmt::format("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE "
                    "active_pid IS NOT NULL AND slot_name = {}",
                    connection.quote_literal(slot)));
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

Result<std::string> flush_function(Connection& connection) {
    TRY_LET(const auto rows,
            connection.query(
                "SELECT format('%s(%s)', oid::regproc, oidvectortypes(proargtypes)) FROM pg_proc "
                "WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = "
                "'pg_logical_emit_message' AND proargtypes[2] = 'text'::regtype"));
    return rows.empty() ? std::string() : rows[0][0].value_or("");
}

}  // namespace weir::capture::postgres
