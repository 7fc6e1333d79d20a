#include "capture/postgres/wake_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weir::capture::postgres {

Result<WakeSignal> WakeSignal::create() {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) {
        const std::error_code code(errno, std::generic_category());
        return fail(ErrorKind::unavailable, "cannot make an event descriptor: {}", code.message());
    }
    return WakeSignal(descriptor);
}

WakeSignal::~WakeSignal() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void WakeSignal::send() const {
    // It fails only where the counter is full, and then the other wakes all the same.
    static_cast<void>(::eventfd_write(descriptor_, 1));
}

void WakeSignal::clear() const {
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(descriptor_, &count));
}

}  // namespace weir::capture::postgres
