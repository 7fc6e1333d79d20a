#pragma once

#include <stop_token>
#include <thread>

namespace weir::app {

/// Turns SIGTERM and SIGINT into a stop request. Make it before any other thread: it blocks both
/// signals for the process and waits for them in a thread of its own.
class StopSignals {
public:
    StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    ~StopSignals();

    std::stop_source source() const { return source_; }

private:
    std::stop_source source_;
    std::jthread waiter_;
};

}  // namespace weir::app
