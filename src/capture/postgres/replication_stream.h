#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/connection.h"
#include "change/position.h"

namespace weir::capture::postgres {

/// A replication stream that has begun, and the promise to the server that somebody still reads it:
/// a status goes out at least every 10 s, also while the reader is busy elsewhere. The status names
/// only what was acknowledged. One thread reads; a thread of its own keeps the promise meanwhile.
class ReplicationStream {
public:
    /// Runs `statement`, a START_REPLICATION, on `connection`. While somebody else reads the slot
    /// it tries for 5 s (a killed reader holds its slot until the server notices), then fails with
    /// `conflict` and the server's words, which name the other's process.
    static Result<std::unique_ptr<ReplicationStream>> start(Connection connection,
                                                            const std::string& statement,
                                                            change::Position acknowledged,
                                                            const Clock& clock);

    ReplicationStream(Connection connection, change::Position acknowledged, const Clock& clock);
    ReplicationStream(const ReplicationStream&) = delete;
    ReplicationStream& operator=(const ReplicationStream&) = delete;
    ~ReplicationStream() = default;

    /// Returns the next message, which lives until the next call; an empty one if none came within
    /// `wait`. Fails with `unavailable` when the server ends the stream.
    Result<std::span<const std::byte>> read(std::chrono::milliseconds wait);
    /// REQUIRES: position >= acknowledged().
    Status acknowledge(change::Position position);
    /// Answers a server that asks whether somebody is there.
    Status report();

private:
    Status report_locked();
    Status report_if_due();
    void keep_reporting(const std::stop_token& stop);

    const Clock& clock_;
    std::mutex connection_mutex_;  // Guards all below.
    Connection connection_;
    change::Position acknowledged_;
    std::chrono::steady_clock::time_point reported_;
    unsigned messages_since_look_ = 0;
    std::jthread reporter_;  // Last: it stops before what it uses goes.
};

}  // namespace weir::capture::postgres
