#pragma once

#include <cstdint>

namespace weir::change {

/// What happened to a row. The values are the letters of the landed column `op`.
enum class Operation : char {
    snapshot = 'r',
    create = 'c',
    update = 'u',
    remove = 'd',
    truncate = 't',
};

/// The top-level transaction of the source that made a change; PostgreSQL: its xid.
struct TransactionId {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(TransactionId, TransactionId) = default;
};

}  // namespace weir::change
