#include "simulate/model.h"

#include <algorithm>

#include "base/assert.h"
#include "simulate/rows.h"

namespace weir::simulate {
namespace {

void apply_bulk(Claim& claim, Micros time) {
    for (Line& line : claim.lines) {
        ++line.units_added;
    }
    claim.updated_at = time;
}

template <typename Entity>
const Entity* find(const std::unordered_map<std::int64_t, Entity>& entities, std::int64_t id) {
    const auto found = entities.find(id);
    return found == entities.end() ? nullptr : &found->second;
}

}  // namespace

Model::Model(Origin origin)
    : origin_(origin),
      provider_last_(origin.provider_count()),
      member_last_(origin.member_count()),
      claim_last_(origin.claim_count()) {
    for (std::int64_t id = claim_last_ - claim_last_ / 25 + 1; id <= claim_last_; ++id) {
        waiting(origin_.claim(id).status).push_back(id);
    }
}

std::vector<std::int64_t>& Model::waiting(ClaimStatus status) {
    if (status == ClaimStatus::received) {
        return received_;
    }
    if (status == ClaimStatus::adjudicated) {
        return adjudicated_;
    }
    WEIR_ASSERT(status == ClaimStatus::voided);
    return voided_;
}

Plan Model::plan(std::int64_t id) const {
    const Plan* plan = find(plans_, id);
    return plan != nullptr ? *plan : origin_.plan(id);
}

Provider Model::provider(std::int64_t id) const {
    const Provider* provider = find(providers_, id);
    return provider != nullptr ? *provider : origin_.provider(id);
}

Member Model::member(std::int64_t id) const {
    if (const Member* member = find(members_, id)) {
        return *member;
    }
    if (id <= origin_.member_count()) {
        return origin_.member(id);
    }
    Member none;
    none.id = id;
    none.exists = false;
    return none;
}

Claim Model::claim(std::int64_t id) const {
    if (const Claim* claim = find(claims_, id)) {
        return *claim;
    }
    if (id > origin_.claim_count()) {
        Claim none;
        none.id = id;
        none.exists = false;
        return none;
    }
    Claim claim = origin_.claim(id);
    if (id <= bulk_last_claim_) {
        apply_bulk(claim, bulk_time_);
    }
    return claim;
}

void Model::put(const Plan& plan) {
    plans_[plan.id] = plan;
}

void Model::put(const Provider& provider) {
    provider_last_ = std::max(provider_last_, provider.id);
    providers_[provider.id] = provider;
}

void Model::put(const Member& member) {
    if (member.id <= provisional_base) {
        member_last_ = std::max(member_last_, member.id);
    } else if (member.id > provisional_last_) {
        provisional_last_ = member.id;
        provisional_.push_back(member.id);
    }
    members_[member.id] = member;
}

void Model::put(const Claim& claim) {
    claim_last_ = std::max(claim_last_, claim.id);
    const Claim* before = find(claims_, claim.id);
    const bool waits = claim.exists && (claim.status == ClaimStatus::received ||
                                        claim.status == ClaimStatus::adjudicated ||
                                        claim.status == ClaimStatus::voided);
    if (waits && (before == nullptr || before->status != claim.status)) {
        waiting(claim.status).push_back(claim.id);
    }
    claims_[claim.id] = claim;
}

void Model::put_bulk(std::int64_t last_claim, Micros time) {
    WEIR_ASSERT(bulk_last_claim_ == 0);
    bulk_last_claim_ = last_claim;
    bulk_time_ = time;
    for (auto& [id, claim] : claims_) {
        if (id <= last_claim && claim.exists) {
            apply_bulk(claim, time);
        }
    }
}

namespace {

void visit_claim(const Model& model, Table table, const Claim& claim, Row& row,
                 const std::function<void(const Row&)>& visit) {
    const std::uint64_t seed = model.seed();
    if (table == Table::claim) {
        claim_row(row, seed, claim, price_of(seed, claim));
        visit(row);
    } else if (table == Table::claim_line) {
        for (const Line& line : claim.lines) {
            line_row(row, seed, claim, line);
            visit(row);
        }
    } else if (table == Table::claim_diagnosis) {
        for (std::int64_t at = 1; at <= claim.diagnosis_count; ++at) {
            diagnosis_row(row, seed, claim, at);
            visit(row);
        }
    } else if (table == Table::claim_status_event) {
        for (std::size_t at = 0; at < claim.events.size(); ++at) {
            event_row(row, claim, at);
            visit(row);
        }
    } else {
        for (std::size_t at = 0; at < claim.payments.size(); ++at) {
            payment_row(row, claim, at);
            visit(row);
        }
    }
}

void visit_member(const Model& model, Table table, const Member& member, Row& row,
                  const std::function<void(const Row&)>& visit) {
    if (!member.exists) {
        return;
    }
    if (table == Table::member) {
        member_row(row, model.seed(), member, model.has_email());
        visit(row);
        return;
    }
    for (const Span& span : member.spans) {
        span_row(row, member, span);
        visit(row);
    }
}

void visit_members(const Model& model, Table table, Row& row,
                   const std::function<void(const Row&)>& visit) {
    for (std::int64_t id = 1; id <= model.member_last(); ++id) {
        visit_member(model, table, model.member(id), row, visit);
    }
    for (std::int64_t id = provisional_base + 1; id <= model.provisional_last(); ++id) {
        visit_member(model, table, model.member(id), row, visit);
    }
}

}  // namespace

void for_each_row(const Model& model, Table table, const std::function<void(const Row&)>& visit) {
    Row row;
    if (table == Table::plan) {
        for (std::int64_t id = 1; id <= model.origin().plan_count(); ++id) {
            plan_row(row, model.seed(), model.plan(id));
            visit(row);
        }
    } else if (table == Table::provider) {
        for (std::int64_t id = 1; id <= model.provider_last(); ++id) {
            provider_row(row, model.seed(), model.provider(id));
            visit(row);
        }
    } else if (table == Table::member || table == Table::eligibility_span) {
        visit_members(model, table, row, visit);
    } else {
        for (std::int64_t id = 1; id <= model.claim_last(); ++id) {
            if (const Claim claim = model.claim(id); claim.exists) {
                visit_claim(model, table, claim, row, visit);
            }
        }
    }
}

}  // namespace weir::simulate
