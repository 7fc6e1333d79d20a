#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// A table that another session keeps from us, and in words who that is.
struct HeldTable {
    catalog::TableName name;
    std::string holder;  // "process 4711", ...
};

/// From here on the session waits no longer than so for a lock, or than its own lock_timeout if
/// that is shorter; and less than its statement_timeout, so that the error names the lock. Zero
/// leaves it as it is.
Status limit_lock_wait(Connection& session, std::chrono::milliseconds wait);

/// Keeps the storage of the tables as it is until the session's transaction ends: nobody truncates
/// them or writes them anew meanwhile. Returns those that others held for as long as the session
/// may wait.
Result<std::vector<HeldTable>> lock_tables(Connection& session,
                                           const std::vector<catalog::TableName>& names);

/// Fails with `unavailable` if another session has locked one of the tables, or a partition, so
/// that it cannot be published.
Status fail_if_held(Connection& session, const std::vector<catalog::TableName>& names);

/// Says of a held table what to do.
std::string held_message(const HeldTable& table);

}  // namespace weir::capture::postgres
