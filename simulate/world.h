#pragma once

#include <cstddef>
#include <cstdint>

#include "simulate/entity.h"
#include "simulate/origin.h"
#include "simulate/overlay.h"

namespace weir::simulate {

/// The payer's present: the origin, and what has changed since. Memory grows with the members that
/// changed and with a window of recent claims, not with the scale nor with the length of a run.
/// Entities go in and out as copies. One thread.
class World {
public:
    /// Claims that are this far behind the newest one are never touched again.
    static constexpr std::int64_t claim_window = 20'000;

    struct Numbers {
        std::int64_t next_claim;
        std::int64_t next_person;
        std::int64_t next_span;
    };
    struct Mark {
        Numbers numbers;
        std::size_t plans, providers, members, claims;
    };

    explicit World(const Origin& origin);  // Outlives the world.

    const Origin& origin() const { return origin_; }
    std::uint64_t seed() const { return origin_.setting().seed; }
    Numbers& numbers() { return numbers_; }
    const Numbers& numbers() const { return numbers_; }
    /// Returns the oldest claim that may still change, bulk changes aside.
    std::int64_t first_live_claim() const;

    Plan plan(std::int64_t number) const;
    Provider provider(std::int64_t number) const;
    Member member(std::int64_t person) const;
    Claim claim(std::int64_t number) const;

    void put(const Plan& plan) { plans_.put(plan.id, plan); }
    void put(const Provider& provider) { providers_.put(provider.id, provider); }
    void put(const Member& member) { members_.put(member.person, member); }
    void put(const Claim& claim) { claims_.put(claim.id, claim); }

    Mark mark() const;
    void rollback(const Mark& mark);
    void commit();

private:
    const Origin& origin_;
    Numbers numbers_;
    std::int64_t forgotten_ = 0;  // Claims up to here are forgotten, those of bulk changes aside.
    Overlay<Plan> plans_;
    Overlay<Provider> providers_;
    Overlay<Member> members_;  // By person.
    Overlay<Claim> claims_;
};

}  // namespace weir::simulate
