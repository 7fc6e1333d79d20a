#pragma once

#include <cstdint>

#include "simulate/entity.h"

namespace weir::simulate {

/// Simulated time of transaction 0; the initial load lies before it.
constexpr Micros simulation_start = Micros{20454} * micros_per_day;  // 2026-01-01.
constexpr Day open_end = 2932896;                                    // 9999-12-31.

/// The payer's data before the first transaction: pure functions of seed and scale, so nothing is
/// kept. Ids run from 1 to the count. A value; any thread.
class Origin {
public:
    /// `scale` is the exact number of claim lines. REQUIRES: scale > 0.
    Origin(std::uint64_t seed, std::int64_t scale);

    std::uint64_t seed() const { return seed_; }
    std::int64_t scale() const { return scale_; }
    std::int64_t plan_count() const { return 12; }
    std::int64_t provider_count() const { return provider_count_; }
    std::int64_t member_count() const { return member_count_; }
    std::int64_t claim_count() const { return claim_count_; }

    Plan plan(std::int64_t id) const;
    Provider provider(std::int64_t id) const;
    Member member(std::int64_t id) const;
    Claim claim(std::int64_t id) const;

    std::int64_t line_count(std::int64_t claim) const;

private:
    ClaimStatus first_status(std::int64_t claim) const;
    void add_service(Claim& claim) const;
    void add_history(Claim& claim) const;

    std::uint64_t seed_;
    std::int64_t scale_;
    std::int64_t provider_count_;
    std::int64_t member_count_;
    std::int64_t claim_count_;
};

}  // namespace weir::simulate
