#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/object_store.h"

namespace weir::app {

inline constexpr std::string_view run_lease_key = "lease/run";

/// What `lease/run` says (docs/formats/lease.md).
struct LeaseNote {
    std::string host;
    std::int64_t process = 0;
    std::string run;           // A UUID: no two holders are alike.
    std::uint64_t number = 0;  // Rises by one with each replacing.
    bool held = true;          // Until it is given back.

    /// A holder as people write it: "process 17 on host a".
    std::string holder() const;
};

std::string format_lease(const LeaseNote& note);
/// Fails with `corrupt`.
Result<LeaseNote> parse_lease(std::span<const std::byte> bytes);
/// Returns what a store's lease says; nothing if nobody ever led.
Result<std::optional<LeaseNote>> read_lease(const store::ObjectStore& store);

/// Who runs a pipeline: an object in its store, replaced by compare-and-swap every `renew_every`.
/// Whoever sees the same value for a whole `lasts` by its own steady clock may take it; no clocks
/// are compared. It says who should run; who may commit is in the ledger's epochs. One thread.
class RunLease {
public:
    static constexpr std::chrono::seconds renew_every{5};
    static constexpr std::chrono::seconds lasts{20};

    /// A lease for this process. Fails with `internal` if it can have no name of its own. Store and
    /// clock outlive it.
    static Result<RunLease> of_this_process(store::ObjectStore& store, const Clock& clock);
    RunLease(store::ObjectStore& store, const Clock& clock, LeaseNote own)
        : store_(&store), clock_(&clock), own_(std::move(own)) {}

    /// Looks at the lease and returns whether a standby may take it: nobody ever had it, it was
    /// given back, or it has stood still for `lasts` of looking.
    Result<bool> look();
    /// Takes what was looked at. Fails with `conflict` if it has changed since then.
    Status take();
    /// Takes the lease whoever has it.
    Status take_from_anybody();
    /// Says that its holder lives. Fails with `denied`, for good, if somebody else has taken it.
    Status renew();
    /// Gives it back, so that a standby takes it at its next look. What fails is only slower.
    Status give_back();

    /// What was seen last; nothing if nobody ever led.
    const std::optional<LeaseNote>& seen() const { return seen_; }

private:
    /// Replaces what was seen. An unknown outcome is looked up.
    Status replace(bool held);
    Status see();

    store::ObjectStore* store_;
    const Clock* clock_;
    LeaseNote own_;
    std::optional<LeaseNote> seen_;
    std::optional<store::Version> version_;             // Of what was seen.
    std::chrono::steady_clock::time_point seen_since_;  // By clock_.
};

/// Waits until nobody else leads, by `look` and then `take`, which may say `already_exists` for as
/// long as a process of this machine stands in the way. `on_wait` hears once for whom it waits.
/// Fails with `cancelled` at a stop request.
Status stand_by(RunLease& lease, const std::function<Status()>& take,
                const std::function<void(const std::string&)>& on_wait,
                const std::stop_token& stop);

/// Does `work` while the lease is renewed beside it, and gives it back then. If somebody else takes
/// the lease, stops the work and fails with `denied`. `on_wait` hears why a renewal has to wait.
Status while_leading(RunLease& lease, std::stop_source stop,
                     const std::function<void(const Error&)>& on_wait,
                     const std::function<Status()>& work);

}  // namespace weir::app
