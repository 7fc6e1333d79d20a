#pragma once

#include <utility>

#include "base/result.h"

namespace weir::capture::postgres {

/// Ends the wait of a thread that polls file descriptors: an eventfd. Moves, never copies; any
/// thread may send.
class WakeSignal {
public:
    static Result<WakeSignal> create();
    WakeSignal(WakeSignal&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    WakeSignal& operator=(WakeSignal&&) = delete;
    ~WakeSignal();

    /// What to poll for POLLIN.
    int descriptor() const { return descriptor_; }
    void send() const;
    /// Forgets what was sent so far.
    void clear() const;

private:
    explicit WakeSignal(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace weir::capture::postgres
