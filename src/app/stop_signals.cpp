#include "app/stop_signals.h"

#include <csignal>

namespace weir::app {

StopSignals::StopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    waiter_ = std::jthread([signals, source = source_](const std::stop_token& over) mutable {
        int signal = 0;
        while (sigwait(&signals, &signal) == 0 && !over.stop_requested()) {
            source.request_stop();
        }
    });
}

StopSignals::~StopSignals() {
    waiter_.request_stop();
    pthread_kill(waiter_.native_handle(), SIGINT);  // Only this thread hears it.
}

}  // namespace weir::app
