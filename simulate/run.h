#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "simulate/life.h"

namespace weir::simulate {

struct RunOptions {
    std::string url;
    /// Number of the last transaction; none: until `stop`.
    std::optional<std::int64_t> last;
    std::int64_t rate = 0;  // Transactions a second; 0: as many as possible.
    std::string truth;      // Folder; blank: none.
    bool resume = false;    // Go on after the transaction that the database has.
    /// Refused if the database was loaded with others.
    std::optional<std::uint64_t> seed;
    std::optional<std::int64_t> scale;
    std::optional<std::int64_t> bulk_at;
    std::optional<std::int64_t> alter_at;
};

struct RunSummary {
    std::int64_t transactions = 0;
    std::int64_t rows = 0;
};

/// Lives on in a loaded database until the last transaction or `stop`; a transaction that has begun
/// is finished. When the server goes away it reconnects, with growing pauses, and asks the database
/// whether the transaction under way was committed.
Result<RunSummary> run(const RunOptions& options, const std::atomic<bool>& stop);

}  // namespace weir::simulate
