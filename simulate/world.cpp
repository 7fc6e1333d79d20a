#include "simulate/world.h"

#include <algorithm>

namespace weir::simulate {

World::World(const Origin& origin)
    : origin_(origin),
      numbers_{.next_claim = origin.claims() + 1,
               .next_person = origin.members() + 1,
               .next_span = origin.spans_end()},
      forgotten_(std::max<std::int64_t>(origin.bulk_claims(), first_live_claim() - 1)) {}

std::int64_t World::first_live_claim() const {
    return std::max<std::int64_t>(1, numbers_.next_claim - claim_window);
}

Plan World::plan(std::int64_t number) const {
    const Plan* known = plans_.find(number);
    return known != nullptr ? *known : origin_.plan(number);
}

Provider World::provider(std::int64_t number) const {
    const Provider* known = providers_.find(number);
    return known != nullptr ? *known : origin_.provider(number);
}

Member World::member(std::int64_t person) const {
    const Member* known = members_.find(person);
    return known != nullptr ? *known : origin_.member(person);
}

Claim World::claim(std::int64_t number) const {
    const Claim* known = claims_.find(number);
    return known != nullptr ? *known : origin_.claim(number);
}

World::Mark World::mark() const {
    return {numbers_, plans_.mark(), providers_.mark(), members_.mark(), claims_.mark()};
}

void World::rollback(const Mark& mark) {
    numbers_ = mark.numbers;
    plans_.rollback(mark.plans);
    providers_.rollback(mark.providers);
    members_.rollback(mark.members);
    claims_.rollback(mark.claims);
}

void World::commit() {
    plans_.commit();
    providers_.commit();
    members_.commit();
    claims_.commit();
    for (; forgotten_ < first_live_claim() - 1; ++forgotten_) {
        claims_.forget(forgotten_ + 1);
    }
}

}  // namespace weir::simulate
