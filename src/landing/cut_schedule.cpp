#include "landing/cut_schedule.h"

#include <algorithm>

#include "base/assert.h"

namespace weir::landing {
namespace {

std::unexpected<Error> missed(change::Position recorded, change::Position found) {
    return fail(ErrorKind::invalid,
                "cannot capture again: no transaction of this log ends where the recorded cut did; "
                "capture the same source with the same configuration, recorded={}, log={}",
                recorded.to_string(), found.to_string());
}

}  // namespace

Status IntervalBoundary::begin_cut(change::Position) {
    const auto now = clock_.steady_now();
    due_ = std::clamp(due_ + limits_.interval, now + limits_.interval / 5, now + limits_.interval);
    return {};
}

bool IntervalBoundary::ends_here(const change::CutProgress& progress) {
    return progress.decoded_bytes >= limits_.decoded_bytes_max || clock_.steady_now() >= due_;
}

Status RecordedBoundary::begin_cut(change::Position from) {
    while (!begun_ && !over() && ends_[next_] <= from) {
        ++next_;
    }
    begun_ = true;
    return over() || from < ends_[next_] ? Status{} : missed(ends_[next_], from);
}

bool RecordedBoundary::ends_here(const change::CutProgress& progress) {
    return !over() && progress.position >= ends_[next_];
}

Status RecordedBoundary::accept(change::Position end) {
    WEIR_ASSERT(!over());
    if (end != ends_[next_]) {
        return missed(ends_[next_], end);
    }
    ++next_;
    return {};
}

bool TransactionEnd::ends_here(const change::CutProgress& progress) {
    if (progress.transactions > last_.transactions) {
        last_ = progress;
    }
    return boundary_.ends_here(progress) || is_last_(progress.position);
}

change::Position TransactionEnd::of(const change::CutEnd& end) const {
    return last_.transactions == end.transactions ? last_.position : end.position;
}

}  // namespace weir::landing
