#include "landing/place_turns.h"

namespace weir::landing {
namespace {

Status turned_away() {
    return fail(ErrorKind::cancelled, "the log's reader has ended");
}

}  // namespace

Status LockedPlace::take(const Work& work) {
    const std::scoped_lock lock(mutex_);
    Turn turn{.place = place_, .contracts = contracts_};
    return work(turn);
}

Status ServedPlace::take(const Work& work) {
    std::unique_lock lock(mutex_);
    if (closed_) {
        return turned_away();
    }
    Waiting own{.work = work};
    waiting_.push_back(&own);
    somebody_waits_ = true;
    served_.wait(lock, [&] { return own.done; });
    return std::move(own.outcome);
}

void ServedPlace::serve(Turn& turn) {
    if (!somebody_waits_.exchange(false)) {
        return;
    }
    std::unique_lock lock(mutex_);
    while (!waiting_.empty()) {
        Waiting& next = *waiting_.front();
        waiting_.pop_front();
        lock.unlock();
        Status outcome = next.work(turn);
        lock.lock();
        next.outcome = std::move(outcome);
        next.done = true;
        served_.notify_all();
    }
}

void ServedPlace::close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    for (Waiting* waiting : waiting_) {
        waiting->outcome = turned_away();
        waiting->done = true;
    }
    waiting_.clear();
    served_.notify_all();
}

}  // namespace weir::landing
