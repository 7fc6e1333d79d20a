#include "capture/postgres/replication_stream.h"

#include <bit>
#include <condition_variable>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "capture/postgres/moment.h"

namespace weir::capture::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto report_interval = 5s;
constexpr auto look_interval = 1s;
constexpr unsigned messages_between_looks = 1'024;
constexpr int busy_tries = 25;
constexpr auto busy_wait = 200ms;

void put(std::vector<std::byte>& bytes, std::uint64_t number) {
    number = std::byteswap(number);
    const auto part = std::as_bytes(std::span(&number, 1));
    bytes.insert(bytes.end(), part.begin(), part.end());
}

}  // namespace

ReplicationStream::ReplicationStream(Connection connection, change::Position acknowledged,
                                     const Clock& clock)
    : clock_(clock),
      connection_(std::move(connection)),
      acknowledged_(acknowledged),
      reported_(clock.steady_now()),
      reporter_([this](const std::stop_token& stop) { keep_reporting(stop); }) {}

Result<std::unique_ptr<ReplicationStream>> ReplicationStream::start(Connection connection,
                                                                    const std::string& statement,
                                                                    change::Position acknowledged,
                                                                    const Clock& clock) {
    for (int tries = 1;; ++tries) {
        const Status started = connection.begin_copy_out(statement);
        if (started) {
            return std::make_unique<ReplicationStream>(std::move(connection), acknowledged, clock);
        }
        if (started.error().kind() != ErrorKind::conflict || tries == busy_tries) {
            return std::unexpected(started.error());
        }
        std::this_thread::sleep_for(busy_wait);
    }
}

Result<std::span<const std::byte>> ReplicationStream::read(std::chrono::milliseconds wait) {
    const std::scoped_lock lock(connection_mutex_);
    TRY_LET(const auto message, connection_.read_copy(wait));
    if (!message) {
        return fail(ErrorKind::unavailable, "the server ended the replication stream");
    }
    if (message->empty() || ++messages_since_look_ >= messages_between_looks) {
        TRY(report_if_due());
    }
    return *message;
}

Status ReplicationStream::acknowledge(change::Position position) {
    const std::scoped_lock lock(connection_mutex_);
    WEIR_ASSERT(position >= acknowledged_);
    acknowledged_ = position;
    return report_locked();
}

Status ReplicationStream::report() {
    const std::scoped_lock lock(connection_mutex_);
    return report_locked();
}

Status ReplicationStream::report_locked() {
    constexpr std::int64_t epoch = std::int64_t{days_1970_to_2000} * micros_per_day;
    std::vector<std::byte> message{std::byte{'r'}};
    for (int position = 0; position < 3; ++position) {  // Written, flushed, applied.
        put(message, acknowledged_.offset());
    }
    put(message, static_cast<std::uint64_t>(clock_.now().time_since_epoch().count() - epoch));
    message.push_back(std::byte{0});  // No answer is asked for.
    reported_ = clock_.steady_now();
    return connection_.write_copy(message);
}

Status ReplicationStream::report_if_due() {
    messages_since_look_ = 0;
    return clock_.steady_now() - reported_ >= report_interval ? report_locked() : Status();
}

void ReplicationStream::keep_reporting(const std::stop_token& stop) {
    std::mutex nothing;
    std::condition_variable_any stopped;
    while (!stop.stop_requested()) {
        std::unique_lock sleep(nothing);
        stopped.wait_for(sleep, stop, look_interval, [] { return false; });
        const std::scoped_lock lock(connection_mutex_);
        // The reader finds a broken connection by itself.
        static_cast<void>(report_if_due());
    }
}

}  // namespace weir::capture::postgres
