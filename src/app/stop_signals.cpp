#include "app/stop_signals.h"

#include <csignal>
#include <ctime>

namespace weir::app {

StopSignals::StopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    waiter_ = std::jthread([signals, source = source_](const std::stop_token& over) mutable {
        const timespec wait{.tv_sec = 0, .tv_nsec = 100'000'000};
        while (!over.stop_requested()) {
            if (sigtimedwait(&signals, nullptr, &wait) > 0) {
                source.request_stop();
            }
        }
    });
}

}  // namespace weir::app
