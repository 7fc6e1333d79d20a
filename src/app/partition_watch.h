#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/partitions.h"
#include "capture/postgres/postgres_source.h"
#include "landing/cut_schedule.h"

namespace weir::app {

/// What is known of the partitions of captured tables, in the file `partitions.json` of the
/// pipeline's folder `run`: as they were when last looked at, and the changes of them that the log
/// did not tell, for `weir status`. Nothing is captured by it; without the file the next look only
/// begins to know them. A table that is read again is forgotten by `forget`, and known anew.
class PartitionNotes {
public:
    explicit PartitionNotes(const std::filesystem::path& folder);

    /// Begins with what a snapshot has read: nothing is untold.
    Status begin(const std::vector<capture::postgres::Partition>& read);
    /// Forgets what was untold of a table, which has been read again.
    Status forget(const catalog::TableName& root);
    Status add(const std::vector<capture::postgres::Partition>& now,
               const std::vector<capture::postgres::UntoldChange>& untold);

    std::optional<std::vector<capture::postgres::Partition>> known() const;
    /// One line for each untold change, oldest first.
    std::vector<std::string> untold() const;

private:
    std::filesystem::path file_;
};

/// Looks at the partitions of a stream's tables while the stream is read, as the schedule that is
/// asked for its cuts: at the start and every ten seconds. One thread, as the schedule's.
class PartitionWatch final : public landing::CutSchedule {
public:
    using Tell = std::function<void(const std::string&)>;

    /// All of them outlive the watch.
    PartitionWatch(landing::CutSchedule& schedule, capture::postgres::PostgresSource& source,
                   PartitionNotes& notes, const Clock& clock, Tell tell);

    /// Takes the first look, at a catalog that the end of the log is not older than.
    void begin();
    /// Judges what was seen, since all of the log that was there by then has been read.
    void end();

    Status begin_cut(change::Position from) override { return schedule_.begin_cut(from); }
    Status accept(change::Position end) override { return schedule_.accept(end); }
    bool over() const override { return schedule_.over(); }
    bool ends_here(const change::CutProgress& progress) override;

private:
    /// The catalog is ahead of the stream, and is judged when that has come as far.
    struct Seen {
        std::vector<capture::postgres::Partition> partitions;
        change::Position written;
    };

    Status look(change::Position position);
    Status take();
    Status judge();
    void tell_failure(const Status& looked) const;

    landing::CutSchedule& schedule_;
    capture::postgres::PostgresSource& source_;
    PartitionNotes& notes_;
    const Clock& clock_;
    Tell tell_;
    std::optional<std::chrono::steady_clock::time_point> looked_;
    std::optional<Seen> seen_;
};

}  // namespace weir::app
