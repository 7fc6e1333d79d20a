#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "simulate/entity.h"
#include "simulate/origin.h"
#include "simulate/row.h"
#include "simulate/table.h"

namespace weir::simulate {

/// Members who enrol while the simulator runs get ids above this until they are confirmed.
constexpr std::int64_t provisional_base = 9'000'000'000;

/// The payer's data after some transaction: the origin, and what has changed since. Its memory
/// grows with the entities touched, not with the scale. One thread changes it; reading needs no
/// lock while nobody does.
class Model {
public:
    explicit Model(Origin origin);

    const Origin& origin() const { return origin_; }
    std::uint64_t seed() const { return origin_.seed(); }

    /// Returns the entity, with `exists` false if there is none of that id. Plans and providers
    /// stay.
    Plan plan(std::int64_t id) const;
    Provider provider(std::int64_t id) const;
    Member member(std::int64_t id) const;
    Claim claim(std::int64_t id) const;

    void put(const Plan& plan);
    void put(const Provider& provider);
    void put(const Member& member);
    void put(const Claim& claim);

    /// Adds one unit to every line of the claims up to `last_claim`. REQUIRES: called at most once.
    void put_bulk(std::int64_t last_claim, Micros time);
    void put_email_column() { has_email_ = true; }
    bool has_email() const { return has_email_; }

    std::int64_t provider_last() const { return provider_last_; }
    std::int64_t member_last() const { return member_last_; }
    std::int64_t provisional_last() const { return provisional_last_; }
    std::int64_t claim_last() const { return claim_last_; }

    /// Ids of claims that were in the status at some time; claims before the last few of the origin
    /// may be missing. Who finds an id to be out of date drops it.
    std::vector<std::int64_t>& waiting(ClaimStatus status);
    std::vector<std::int64_t>& provisional() { return provisional_; }

private:
    Origin origin_;
    std::unordered_map<std::int64_t, Plan> plans_;
    std::unordered_map<std::int64_t, Provider> providers_;
    std::unordered_map<std::int64_t, Member> members_;
    std::unordered_map<std::int64_t, Claim> claims_;
    std::int64_t provider_last_;
    std::int64_t member_last_;
    std::int64_t provisional_last_ = provisional_base;
    std::int64_t claim_last_;
    std::int64_t bulk_last_claim_ = 0;
    Micros bulk_time_ = 0;
    bool has_email_ = false;
    std::vector<std::int64_t> received_;
    std::vector<std::int64_t> adjudicated_;
    std::vector<std::int64_t> voided_;
    std::vector<std::int64_t> provisional_;
};

/// Calls `visit` with each row of `table`, in the order of the entities' ids. The row is reused.
void for_each_row(const Model& model, Table table, const std::function<void(const Row&)>& visit);

}  // namespace weir::simulate
