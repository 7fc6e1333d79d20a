#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "change/change_source.h"

namespace weir::landing {

/// Decides where the cuts of a stream end, one after the other. One thread at a time.
class CutSchedule : public change::CutBoundary {
public:
    /// A cut begins at `from`. Silence moves this on without a cut being committed.
    virtual Status begin_cut(change::Position from) = 0;
    /// Looks at a cut with transactions before it is committed. An error keeps it out of the
    /// ledger.
    virtual Status accept(change::Position end) = 0;
    /// Says that no cut is left to read.
    virtual bool over() const { return false; }
};

/// Ends a cut an interval after the one before, or when it is large. A cut is read for a fifth of
/// the interval at least, however long it took to land the one before. `clock` outlives it.
class IntervalBoundary final : public CutSchedule {
public:
    struct Limits {
        std::chrono::milliseconds interval{1000};
        std::uint64_t decoded_bytes_max = 64 << 20;
    };

    IntervalBoundary(const Clock& clock, Limits limits) : clock_(clock), limits_(limits) {}

    Status begin_cut(change::Position from) override;
    bool ends_here(const change::CutProgress& progress) override;
    Status accept(change::Position) override { return {}; }

private:
    const Clock& clock_;
    Limits limits_;
    std::chrono::steady_clock::time_point due_;
};

/// Ends cuts exactly where a ledger says that they ended, to capture the same range again. `ends`
/// rises; those at or below the first cut's begin are passed over. A cut that cannot end as
/// recorded fails with `invalid`.
class RecordedBoundary final : public CutSchedule {
public:
    explicit RecordedBoundary(std::vector<change::Position> ends) : ends_(std::move(ends)) {}

    Status begin_cut(change::Position from) override;
    bool ends_here(const change::CutProgress& progress) override;
    Status accept(change::Position end) override;
    bool over() const override { return next_ == ends_.size(); }

private:
    std::vector<change::Position> ends_;
    std::size_t next_ = 0;  // Of the cut that is being read.
    bool begun_ = false;
};

/// Asks another boundary, and keeps where the last whole transaction ended: a silent log moves on,
/// but the cut's position should be one that a second reading of the log meets again.
class TransactionEnd final : public change::CutBoundary {
public:
    /// Says of a position whether nothing beyond it is to be read: the cut ends there at once.
    using IsLast = std::function<bool(change::Position)>;

    explicit TransactionEnd(
        change::CutBoundary& boundary, IsLast is_last = [](change::Position) { return false; })
        : boundary_(boundary), is_last_(std::move(is_last)) {}

    bool ends_here(const change::CutProgress& progress) override;
    /// Returns the end of the cut's last transaction.
    change::Position of(const change::CutEnd& end) const;

private:
    change::CutBoundary& boundary_;
    IsLast is_last_;
    change::CutProgress last_{};  // As asked when `transactions` last rose.
};

}  // namespace weir::landing
