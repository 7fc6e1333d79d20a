#pragma once

#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"

namespace weir::app {

/// Whether the same work may succeed later, without anybody doing something here.
constexpr bool may_pass(ErrorKind kind) {
    return kind == ErrorKind::unavailable || kind == ErrorKind::conflict ||
           kind == ErrorKind::in_doubt;
}

/// Does `work` until it succeeds or fails for good. While it fails because a neighbour is away, it
/// is done again after a pause that doubles from half a second to half a minute, and begins anew
/// once the work has lasted; `on_wait` hears why. Returns without an error if `stop` ends a pause,
/// or ends the work as `cancelled`.
Status retry(const std::function<Status()>& work, const std::function<void(const Error&)>& on_wait,
             const Clock& clock, const std::stop_token& stop);

}  // namespace weir::app
