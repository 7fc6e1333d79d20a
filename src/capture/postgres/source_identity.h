#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "change/position.h"

namespace weir::capture::postgres {

/// Whose log it is, and which of its histories.
struct SourceIdentity {
    std::string system;               // Shared by a cluster, its copies and its standbys.
    std::uint32_t timeline = 0;       // Rises with every promotion and every recovery to a point.
    change::Position timeline_begin;  // Where it left the one before; 0/0 for the first.

    friend bool operator==(const SourceIdentity&, const SourceIdentity&) = default;
};

/// Returns what the server says of itself (IDENTIFY_SYSTEM, TIMELINE_HISTORY). Fails with
/// `unavailable` on a standby. REQUIRES: `replication` is a replication connection.
Result<SourceIdentity> identify_source(Connection& replication);

/// Returns the server's identity if its log goes on from `position`, up to which the ledger has the
/// log of `known`. Fails with `corrupt` if it is another server, if its history left that of
/// `known` before `position`, or if its log ends before. Without `known` any server will do.
Result<SourceIdentity> check_log(Connection& replication,
                                 const std::optional<SourceIdentity>& known,
                                 change::Position position);

/// Returns where a timeline was left, as a timeline's history file says; no value if the file does
/// not name it, so that it is no ancestor.
Result<std::optional<change::Position>> end_of_timeline(std::string_view history,
                                                        std::uint32_t timeline);

}  // namespace weir::capture::postgres
