#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/contract_book.h"
#include "landing/landing_place.h"

namespace weir::landing {

/// What a turn gives: the place, and the log that is read there.
struct Turn {
    LandingPlace& place;
    ContractBook& contracts;
    change::ChangeSource* log = nullptr;  // None while a first snapshot is read.
};

/// Gives threads that read beside each other the place, one at a time.
class PlaceTurns {
public:
    using Work = std::function<Status(Turn&)>;

    PlaceTurns() = default;
    PlaceTurns(const PlaceTurns&) = delete;
    PlaceTurns& operator=(const PlaceTurns&) = delete;
    virtual ~PlaceTurns() = default;

    /// Runs `work` while nobody else has the place, and returns what it returned.
    virtual Status take(const Work& work) = 0;
};

/// The place of a snapshot with nothing beside it.
class LockedPlace final : public PlaceTurns {
public:
    explicit LockedPlace(LandingPlace place) : place_(place), contracts_(place.state) {}

    Status take(const Work& work) override;

private:
    std::mutex mutex_;
    LandingPlace place_;
    ContractBook contracts_;
};

/// The place of a log's reader, who serves the turns of others whenever it looks up.
class ServedPlace final : public PlaceTurns {
public:
    /// Waits until the reader has run `work`. Fails with `cancelled` once it is closed.
    Status take(const Work& work) override;

    /// Runs what waits. The reader's thread alone.
    void serve(Turn& turn);
    /// Turns away what waits and what comes: the reader has ended.
    void close();

private:
    struct Waiting {
        const Work& work;
        Status outcome = {};
        bool done = false;
    };

    std::mutex mutex_;
    std::condition_variable served_;
    std::deque<Waiting*> waiting_;  // Guarded by mutex_, as is what follows.
    bool closed_ = false;
    std::atomic<bool> somebody_waits_ = false;
};

}  // namespace weir::landing
