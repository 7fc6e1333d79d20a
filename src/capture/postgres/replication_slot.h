#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/postgres_options.h"
#include "capture/postgres/publication.h"  // IWYU pragma: export
#include "change/position.h"

namespace weir::capture::postgres {

/// What the server says of a slot.
struct SlotState {
    change::Position confirmed;                  // The server has forgotten what lies before.
    std::optional<std::int32_t> active_process;  // Who reads it.
    std::string wal_status;                      // "reserved", "extended", "unreserved", "lost"
    std::string invalidation = {};     // Why it is lost, in the server's word; from 17 on.
    bool fits = true;                  // Of pgoutput and of the database asked.
    std::uint64_t lag_bytes = 0;       // From `confirmed` to the end of the log.
    std::uint64_t retained_bytes = 0;  // Of log that the server keeps for the slot.
    std::optional<std::uint64_t> keep_bytes = {};    // max_slot_wal_keep_size, if it is set.
    std::optional<std::uint64_t> safe_bytes = {};    // More log than this, and the slot is lost.
    std::optional<std::uint64_t> idle_seconds = {};  // Since nobody reads it; from 17 on.
    std::optional<std::uint64_t> idle_limit_seconds = {};  // idle_replication_slot_timeout, if set.
    bool failover = false;                                 // Standbys keep it as well; from 17 on.
};

/// Says what will invalidate the slot soon if nobody does something; empty if nothing will.
std::string threat_to(const SlotState& slot);

/// A new slot and the snapshot that it exported; the snapshot lives as long as the session that
/// made it runs no other statement.
struct ExportedSnapshot {
    change::Position position;
    std::string name;
};

/// Returns whether the session's role may read the log.
Result<bool> may_stream(Connection& connection);
/// Returns no value if there is no such slot.
Result<std::optional<SlotState>> read_slot(Connection& connection, const std::string& slot);
/// Fails with `corrupt` if the slot cannot give everything after `position`, up to which the ledger
/// has the log.
Status check_slot(Connection& connection, const std::string& slot, change::Position position);
enum class SlotLife { permanent, temporary };  // A temporary one goes with its session.

/// Makes a logical slot of pgoutput; from PostgreSQL 17 on, a permanent one is kept on standbys as
/// well. The server waits until the transactions that run now have ended, prepared ones too:
/// `wait` hears which one, asked of `side`, and its stop request ends it with `cancelled`.
/// REQUIRES: `replication` is a replication connection.
Result<ExportedSnapshot> create_slot(Connection& replication, Connection& side,
                                     const std::string& slot, const ServerWait& wait,
                                     SlotLife life = SlotLife::permanent);
/// Ends the session that reads the slot, if there is one: of a process that was cut off, the server
/// would keep it until `wal_sender_timeout`. The role must be the session's, or may signal it.
Status end_reader(Connection& connection, const std::string& slot);
/// Removes the slot; none is no error.
Status drop_slot(Connection& connection, const std::string& slot);
/// Copies a slot with its position, for a second capture of the same range.
Status copy_slot(Connection& connection, const std::string& from, const std::string& to);

/// Returns the end of the server's log that is durable; nothing is asked of the server for it.
Result<change::Position> durable_end(Connection& connection);
/// Returns the end of the server's log that is durable. Every commit so far lies before it, also
/// one that did not wait for its flush (synchronous_commit = off): an empty message to the log
/// flushes it.
Result<change::Position> log_end(Connection& connection);
/// Returns the function that sends that message, with its arguments, as GRANT names it: from
/// PostgreSQL 17 on it has one more.
Result<std::string> flush_function(Connection& connection);

}  // namespace weir::capture::postgres
