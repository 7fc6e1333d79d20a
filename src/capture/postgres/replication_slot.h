#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"
#include "change/position.h"

namespace weir::capture::postgres {

/// What the server says of a slot.
struct SlotState {
    change::Position confirmed;                  // The server has forgotten what lies before.
    std::optional<std::int32_t> active_process;  // Who reads it.
    std::string wal_status;                      // "reserved", "extended", "unreserved", "lost"
    std::uint64_t lag_bytes = 0;                 // From `confirmed` to the end of the log.
};

/// A new slot and the snapshot that it exported; the snapshot lives as long as the session that
/// made it runs no other statement.
struct ExportedSnapshot {
    change::Position position;
    std::string name;
};

/// Returns no value if there is no such slot.
Result<std::optional<SlotState>> read_slot(Connection& connection, const std::string& slot);
/// Fails with `corrupt` if the slot cannot give everything after `position`, up to which the ledger
/// has the log.
Status check_slot(Connection& connection, const std::string& slot, change::Position position);
enum class SlotLife { permanent, temporary };  // A temporary one goes with its session.

/// Makes a logical slot of pgoutput. REQUIRES: `replication` is a replication connection.
Result<ExportedSnapshot> create_slot(Connection& replication, const std::string& slot,
                                     SlotLife life = SlotLife::permanent);
/// Removes the slot; none is no error.
Status drop_slot(Connection& connection, const std::string& slot);
/// Copies a slot with its position, for a second capture of the same range.
Status copy_slot(Connection& connection, const std::string& from, const std::string& to);

/// Makes the publication name exactly these tables; creates it if it is missing.
Status publish_tables(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables);
Status drop_publication(Connection& connection, const std::string& publication);

/// Returns the end of the server's log that is durable; nothing is asked of the server for it.
Result<change::Position> durable_end(Connection& connection);
/// Returns the end of the server's log that is durable. Every commit so far lies before it, also
/// one that did not wait for its flush (synchronous_commit = off): an empty message to the log
/// flushes it.
Result<change::Position> log_end(Connection& connection);

}  // namespace weir::capture::postgres
