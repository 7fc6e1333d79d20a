#pragma once

#include <cstdint>

#include "simulate/entity.h"

namespace weir::simulate {

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
};

}  // namespace weir::simulate
