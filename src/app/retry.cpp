#include "app/retry.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace weir::app {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds pause_min = 500ms;
constexpr std::chrono::milliseconds pause_max = 30s;

void wait(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

Status retry(const std::function<Status()>& work, const std::function<void(const Error&)>& on_wait,
             const Clock& clock, const std::stop_token& stop) {
    std::chrono::milliseconds pause = pause_min;
    while (true) {
        const auto started = clock.steady_now();
        Status done = work();
        if (!done && done.error().kind() == ErrorKind::cancelled && stop.stop_requested()) {
            return {};
        }
        if (done || !may_pass(done.error().kind())) {
            return done;
        }
        on_wait(done.error());
        if (clock.steady_now() - started > pause_max) {
            pause = pause_min;
        }
        wait(pause, stop);
        if (stop.stop_requested()) {
            return {};
        }
        pause = std::min(pause * 2, pause_max);
    }
}

}  // namespace weir::app
