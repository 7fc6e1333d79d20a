#pragma once

#include <cstdint>

#include "simulate/entity.h"

namespace weir::simulate {

<<<<<<< HEAD
constexpr Day open_end = 2'932'896;  // 9999-12-31: what sources write for "still covered".

/// What makes two runs equal.
struct Setting {
    std::uint64_t seed = 1;
    std::int64_t scale = 100'000;      // Claim lines of the initial load.
    std::int64_t bulk_every = 10'000;  // Each so many transactions one changes very many rows.
    std::int64_t alter_at = 5'000;     // The transaction that adds a column; 0: none.

    bool operator==(const Setting&) const = default;
};

/// The payer on the day before the simulation begins. Every entity is a function of setting and
/// number, computed when asked for, so that no scale takes memory. Immutable; any thread.
class Origin {
public:
    explicit Origin(const Setting& setting);

    const Setting& setting() const { return setting_; }
    std::int64_t plans() const { return 12; }
    std::int64_t providers() const { return providers_; }
    std::int64_t members() const { return members_; }
    std::int64_t claims() const { return claims_; }
    /// Returns the number that no span of the origin reaches.
    std::int64_t spans_end() const { return (members_ + 1) * 10; }
    /// Returns how many claims from the first one on have the lines of a bulk change.
    std::int64_t bulk_claims() const { return bulk_claims_; }

    /// Numbers go from 1 to the counts above.
    Plan plan(std::int64_t number) const;
    Provider provider(std::int64_t number) const;
    Member member(std::int64_t number) const;
    Claim claim(std::int64_t number) const;

    /// Returns when a transaction happens, in simulated time: there are gaps and there are ties.
    Micros time_of(std::int64_t transaction) const;

private:
    std::int64_t line_count(std::int64_t claim) const;
    std::int64_t drawn_line_count(std::int64_t claim) const;
    std::int64_t bulk_claim_count() const;
    std::int64_t plan_of(std::int64_t member) const;
    void add_dates(Claim& claim) const;
    void add_outcome(Claim& claim) const;
    void pay(Claim& claim) const;

    Setting setting_;
    std::int64_t providers_;
    std::int64_t members_;
    std::int64_t claims_;
    std::int64_t last_lines_ = 0;  // Lines of the last claim, which is cut to meet the scale.
    std::int64_t bulk_claims_ = 0;
=======
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
>>>>>>> simulate2
};

}  // namespace weir::simulate
