#pragma once

#include <chrono>

namespace weir {

/// A moment in UTC with the resolution that PostgreSQL, Oracle and Parquet share.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Where time enters, so that a run can be a function of its inputs. Any thread may call it.
class Clock {
public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// Returns the time of day: for people and audit entries, never for measuring.
    virtual Timestamp now() const = 0;
    /// Returns a time that never goes back: for intervals.
    virtual std::chrono::steady_clock::time_point steady_now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
public:
    Timestamp now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(
            std::chrono::system_clock::now());
    }
    std::chrono::steady_clock::time_point steady_now() const override {
        return std::chrono::steady_clock::now();
    }
};

/// A clock that stands still until a test moves it.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Timestamp start) : now_(start) {}

    Timestamp now() const override { return now_; }
    std::chrono::steady_clock::time_point steady_now() const override { return steady_; }
    void advance(std::chrono::microseconds step) {
        now_ += step;
        steady_ += step;
    }

private:
    Timestamp now_;
    std::chrono::steady_clock::time_point steady_{};
};

}  // namespace weir
