#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace weir::app {

/// Tells the next stage that the ledger has grown. Carries no data: a lost signal costs time only,
/// since every wait ends by itself. Any thread may call it.
class Wake {
public:
    void signal() {
        {
            const std::scoped_lock lock(signals_mutex_);
            ++signals_;
        }
        changed_.notify_all();
    }

    /// Returns after a signal that this waiter has not seen, after `wait`, or at a stop request.
    void wait(std::uint64_t& seen, std::chrono::milliseconds wait, const std::stop_token& stop) {
        std::unique_lock lock(signals_mutex_);
        changed_.wait_for(lock, stop, wait, [&] { return signals_ != seen; });
        seen = signals_;
    }

private:
    std::mutex signals_mutex_;
    std::condition_variable_any changed_;
    std::uint64_t signals_ = 0;  // Guarded by signals_mutex_.
};

}  // namespace weir::app
