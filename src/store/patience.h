#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace weir::store {

/// Where pauses and chance enter, so that a test has neither. Any thread may call it.
class Patience {
public:
    Patience() = default;
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    virtual ~Patience() = default;

    virtual void pause(std::chrono::milliseconds time) = 0;
    /// Returns a number from 0 up to, but not, 1.
    virtual double chance() = 0;
};

/// The machine's.
class SystemPatience final : public Patience {
public:
    void pause(std::chrono::milliseconds time) override;
    double chance() override;
};

/// How long a call that fails is tried again, and how far apart.
struct RetrySchedule {
    std::chrono::milliseconds pause_min{100};
    std::chrono::milliseconds pause_max{5'000};
    std::chrono::milliseconds time_max{30'000};  // For all tries of a call.

    /// Returns the pause before the try `number` (from 1): anything up to a limit that doubles, so
    /// that many clients do not come back together; never less than the server asks for.
    std::chrono::milliseconds pause_before(std::uint32_t number, double chance,
                                           std::chrono::milliseconds asked) const {
        const auto limit = std::min(pause_max, pause_min * (1U << std::min(number, 16U)));
        return std::max(asked, std::chrono::milliseconds(static_cast<std::int64_t>(
                                   chance * static_cast<double>(limit.count()))));
    }
};

}  // namespace weir::store
