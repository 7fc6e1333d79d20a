#include "capture/postgres/replication_stream.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "capture/postgres/moment.h"

namespace weir::capture::postgres {
namespace {

using namespace std::chrono_literals;

constexpr auto report_interval = 5s;
constexpr auto look_interval = 1s;
constexpr int busy_tries = 25;
constexpr auto busy_wait = 200ms;

/// Precedes each message in a page.
using MessageSize = std::uint32_t;

void put(std::vector<std::byte>& bytes, std::uint64_t number) {
    number = std::byteswap(number);
    const auto part = std::as_bytes(std::span(&number, 1));
    bytes.insert(bytes.end(), part.begin(), part.end());
}

}  // namespace

ReplicationStream::ReplicationStream(Connection connection, WakeSignal wake,
                                     change::Position acknowledged, const Clock& clock)
    : clock_(clock),
      wake_(std::move(wake)),
      connection_(std::move(connection)),
      reported_(clock.steady_now()),
      acknowledged_(acknowledged),
      reader_([this](const std::stop_token& stop) { read_ahead(stop); }) {}

ReplicationStream::~ReplicationStream() {
    reader_.request_stop();
    wake_.send();
}

Result<std::unique_ptr<ReplicationStream>> ReplicationStream::start(Connection connection,
                                                                    const std::string& statement,
                                                                    change::Position acknowledged,
                                                                    const Clock& clock) {
    TRY_LET(WakeSignal wake, WakeSignal::create());
    for (int tries = 1;; ++tries) {
        const Status started = connection.begin_copy_out(statement);
        if (started) {
            return std::make_unique<ReplicationStream>(std::move(connection), std::move(wake),
                                                       acknowledged, clock);
        }
        if (started.error().kind() != ErrorKind::conflict || tries == busy_tries) {
            return std::unexpected(started.error());
        }
        std::this_thread::sleep_for(busy_wait);
    }
}

Result<std::span<const std::byte>> ReplicationStream::read(std::chrono::milliseconds wait) {
    if (rest_.empty()) {
        TRY_LET(const bool came, take_page(wait));
        if (!came) {
            return std::span<const std::byte>();
        }
    }
    MessageSize size = 0;
    std::memcpy(&size, rest_.data(), sizeof(size));
    const auto message = rest_.subspan(sizeof(size), size);
    rest_ = rest_.subspan(sizeof(size) + size);
    return message;
}

Result<bool> ReplicationStream::take_page(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, wait, [this] { return !pages_.empty() || ended_; });
    if (pages_.empty()) {
        return ended_ ? Result<bool>(std::unexpected(*ended_)) : Result<bool>(false);
    }
    // What one huge message took is given back.
    if (page_.capacity() > 0 && page_.capacity() <= 2 * page_bytes) {
        page_.clear();
        free_pages_.push_back(std::move(page_));
    }
    page_ = std::move(pages_.front());
    pages_.pop_front();
    rest_ = page_;
    taken_.notify_one();
    return true;
}

void ReplicationStream::acknowledge(change::Position position) {
    {
        const std::scoped_lock lock(mutex_);
        WEIR_ASSERT(position >= acknowledged_);
        acknowledged_ = position;
    }
    report();
}

void ReplicationStream::report() {
    {
        const std::scoped_lock lock(mutex_);
        report_due_ = true;
    }
    taken_.notify_one();
    wake_.send();
}

void ReplicationStream::read_ahead(const std::stop_token& stop) {
    Status outcome;
    while (outcome && !stop.stop_requested()) {
        outcome = read_page(stop);
    }
    if (outcome) {
        outcome = report_if_due();
    }
    const std::scoped_lock lock(mutex_);
    if (!outcome) {
        ended_ = std::move(outcome).error();
    }
    came_.notify_one();
}

/// Reads until a page is full, or nothing more has come; waits for something to come.
Status ReplicationStream::read_page(const std::stop_token& stop) {
    Page page;
    {
        const std::scoped_lock lock(mutex_);
        if (!free_pages_.empty()) {
            page = std::move(free_pages_.back());
            free_pages_.pop_back();
        }
    }
    page.reserve(page_bytes);
    bool drained = false;
    const Status filled = fill(page, drained);
    // What came before the end of the stream is still read.
    TRY(hand_on(std::move(page), stop));
    TRY(filled);
    TRY(report_if_due());
    if (drained && !stop.stop_requested()) {
        TRY(connection_.await_input(wake_.descriptor(), look_interval));
        wake_.clear();
    }
    return {};
}

Status ReplicationStream::fill(Page& page, bool& drained) {
    while (page.size() < page_bytes) {
        TRY_LET(const auto message, connection_.try_read_copy());
        if (!message) {
            return fail(ErrorKind::unavailable, "the server ended the replication stream");
        }
        if (message->empty()) {
            drained = true;
            return {};
        }
        const auto size = static_cast<MessageSize>(message->size());
        const auto header = std::as_bytes(std::span(&size, 1));
        page.insert(page.end(), header.begin(), header.end());
        page.insert(page.end(), message->begin(), message->end());
    }
    return {};
}

Status ReplicationStream::hand_on(Page page, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (page.empty()) {
        free_pages_.push_back(std::move(page));
        return {};
    }
    if (!pages_.empty() && pages_.back().size() + page.size() <= page_bytes) {
        pages_.back().insert(pages_.back().end(), page.begin(), page.end());
        page.clear();
        free_pages_.push_back(std::move(page));
        return {};
    }
    while (pages_.size() >= pages_max && !stop.stop_requested()) {
        taken_.wait_for(lock, stop, look_interval,
                        [this] { return pages_.size() < pages_max || report_due_; });
        lock.unlock();
        TRY(report_if_due());
        lock.lock();
    }
    pages_.push_back(std::move(page));
    came_.notify_one();
    return {};
}

Status ReplicationStream::report_if_due() {
    change::Position acknowledged;
    {
        const std::scoped_lock lock(mutex_);
        if (!report_due_ && clock_.steady_now() - reported_ < report_interval) {
            return {};
        }
        report_due_ = false;
        acknowledged = acknowledged_;
    }
    return send_report(acknowledged);
}

Status ReplicationStream::send_report(change::Position acknowledged) {
    constexpr std::int64_t epoch = std::int64_t{days_1970_to_2000} * micros_per_day;
    std::vector<std::byte> message{std::byte{'r'}};
    for (int position = 0; position < 3; ++position) {  // Written, flushed, applied.
        put(message, acknowledged.offset());
    }
    put(message, static_cast<std::uint64_t>(clock_.now().time_since_epoch().count() - epoch));
    message.push_back(std::byte{0});  // No answer is asked for.
    reported_ = clock_.steady_now();
    return connection_.write_copy(message);
}

}  // namespace weir::capture::postgres
