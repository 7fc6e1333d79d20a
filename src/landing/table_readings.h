#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/land_chunks.h"
#include "landing/place_turns.h"

namespace weir::landing {

struct ReadingOptions {
    ChunkOptions chunks = {};
    /// How often the source is asked for tables that were not there before.
    std::chrono::milliseconds look_every{30'000};
    /// After this time a table that could not be read is tried again.
    std::chrono::milliseconds retry_after{600'000};
    /// The first error that is not a table's own ends the readings. Otherwise they wait and try
    /// again, and `on_wait` hears why.
    bool ends_at_error = false;
    std::function<void(const Error&)> on_wait = {};
};

/// Reads the tables that are set aside, and those that are new, on a thread of its own while the
/// log is read (docs/formats/snapshot.md, "Tables set aside"). The log's reader serves its turns,
/// and lands the cut that closes an attempt. What is given outlives it.
class TableReadings {
public:
    TableReadings(const ChunkPlace& place, change::TableSource& source, ReadingOptions options);
    TableReadings(const TableReadings&) = delete;
    TableReadings& operator=(const TableReadings&) = delete;
    /// REQUIRES: the place's turns are served, or closed.
    ~TableReadings();

    /// Nothing is left to be read or to be closed, as far as is known.
    bool idle() const { return idle_; }
    /// Says that an attempt was closed, or a table set aside.
    void wake();
    /// Returns the error that ended the readings.
    Status status() const;

private:
    void run(const std::stop_token& stop);
    Status step(const std::stop_token& stop);
    Status choose(Turn& turn, const std::vector<catalog::TableName>& found);
    Status set_aside(Turn& turn, const std::vector<catalog::TableName>& found) const;
    bool rests(const catalog::TableName& table) const;
    void wait(std::chrono::milliseconds time, const std::stop_token& stop);

    ChunkPlace place_;
    change::TableSource& source_;
    ReadingOptions options_;

    // Only the thread, and whoever runs its turns meanwhile.
    change::TableSource::Request request_;
    bool closing_ = false;  // All chunks have landed, and the cut has not.
    std::map<catalog::TableName, std::chrono::steady_clock::time_point> resting_;

    std::atomic<bool> idle_ = false;
    mutable std::mutex mutex_;
    std::condition_variable_any woken_;
    bool wake_ = false;             // Guarded by mutex_.
    std::optional<Error> failure_;  // Guarded by mutex_.
    std::jthread thread_;
};

}  // namespace weir::landing
