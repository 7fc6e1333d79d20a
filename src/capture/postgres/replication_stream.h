#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/wake_signal.h"
#include "change/position.h"

namespace weir::capture::postgres {

/// A replication stream that has begun. A thread of its own reads ahead, up to `pages_max` pages of
/// messages, so that the server need not wait while what it sent is worked on; and it tells the
/// server at least every 10 s that somebody still reads. The status names only what was
/// acknowledged. One thread calls.
class ReplicationStream {
public:
    /// Runs `statement`, a START_REPLICATION, on `connection`. While somebody else reads the slot
    /// it tries for 5 s (a killed reader holds its slot until the server notices), then fails with
    /// `conflict` and the server's words, which name the other's process.
    static Result<std::unique_ptr<ReplicationStream>> start(Connection connection,
                                                            const std::string& statement,
                                                            change::Position acknowledged,
                                                            const Clock& clock);

    ReplicationStream(Connection connection, WakeSignal wake, change::Position acknowledged,
                      const Clock& clock);
    ReplicationStream(const ReplicationStream&) = delete;
    ReplicationStream& operator=(const ReplicationStream&) = delete;
    /// Tells the server of the last acknowledgement.
    ~ReplicationStream();

    /// Returns the next message, which lives until the next call; an empty one if none came within
    /// `wait`. Fails with `unavailable` when the server has ended the stream.
    Result<std::span<const std::byte>> read(std::chrono::milliseconds wait);
    /// Has the server told, soon, that it may forget its log before `position`. REQUIRES: position
    /// >= the last one.
    void acknowledge(change::Position position);
    /// Answers a server that asks whether somebody is there.
    void report();

    static constexpr std::size_t page_bytes = 256U << 10U;  // A page may have a message beyond.
    static constexpr std::size_t pages_max = 16;

private:
    /// Messages, each behind its size in four bytes.
    using Page = std::vector<std::byte>;

    /// Waits for a page that has come. Returns false if none came within `wait`.
    Result<bool> take_page(std::chrono::milliseconds wait);

    void read_ahead(const std::stop_token& stop);
    Status read_page(const std::stop_token& stop);
    Status fill(Page& page, bool& drained);
    /// Hands on a page, once there is room for it.
    Status hand_on(Page page, const std::stop_token& stop);
    Status report_if_due();
    Status send_report(change::Position acknowledged);

    const Clock& clock_;
    WakeSignal wake_;  // Ends the reading thread's wait for the server.

    // The caller's.
    Page page_;
    std::span<const std::byte> rest_;  // Of `page_`.

    // The reading thread's.
    Connection connection_;
    std::chrono::steady_clock::time_point reported_;

    std::mutex mutex_;  // Guards what follows.
    std::condition_variable_any came_;
    std::condition_variable_any taken_;
    std::deque<Page> pages_;
    std::vector<Page> free_pages_;
    std::optional<Error> ended_;
    change::Position acknowledged_;
    bool report_due_ = false;

    std::jthread reader_;  // Last: it stops before what it uses goes.
};

}  // namespace weir::capture::postgres
