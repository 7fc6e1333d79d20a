#include "simulate/payer.h"

#include <utility>

#include "base/assert.h"
#include "simulate/claim_life.h"
#include "simulate/member_life.h"

namespace weir::simulate {
namespace {

struct Happening {
    std::int64_t per_mille;
    void (*happen)(Desk&);
};

constexpr Happening happenings[] = {
    {300, receive_claim},
    {382, advance_claim},
    {20, run_payments},
    {20, renumber_line},
    {30, change_diagnoses},
    {20, purge_claim},
    {40, move_member},
    {20, marry_member},
    {20, enroll_newborn},
    {20, confirm_newborn},
    {20, terminate_retroactively},
    {20, reinstate_retroactively},
    {15, correct_span},
    {10, remove_span},
    {10, change_plan},
    {20, set_email},
    {28, change_provider},
    {2, change_provider_often},
    {3, rename_plan},
};

constexpr std::int64_t sum_of_happenings() {
    std::int64_t sum = 0;
    for (const Happening& happening : happenings) {
        sum += happening.per_mille;
    }
    return sum;
}
static_assert(sum_of_happenings() == 1000);

void happen_once(Desk& desk) {
    std::int64_t chance = desk.draws.below(1000);
    for (const Happening& happening : happenings) {
        if (chance < happening.per_mille) {
            return happening.happen(desk);
        }
        chance -= happening.per_mille;
    }
    WEIR_ASSERT(false && "the happenings fill the thousand");
}

}  // namespace

Payer::Payer(const Origin& origin, std::optional<Truth> truth)
    : world_(origin), transcript_(std::move(truth)) {}

const Transcript& Payer::next() {
    ++number_;
    const Origin& origin = world_.origin();
    const Setting& setting = origin.setting();
    Draws draws(setting.seed, Stream::transaction, number_);
    Desk desk{world_, transcript_, draws, origin.time_of(number_), has_email_};
    transcript_.begin();
    const World::Mark world_before = world_.mark();
    const Transcript::Mark before = transcript_.mark();
    if (number_ == setting.alter_at) {
        add_email_column(desk);
    } else if (setting.bulk_every > 0 && number_ % setting.bulk_every == 0) {
        change_units_in_bulk(desk);
    } else if (draws.chance(20)) {
        happen(desk);
        world_.rollback(world_before);
        transcript_.rollback(before);
    } else {
        happen(desk);
    }
    transcript_.end();
    world_.commit();
    return transcript_;
}

void Payer::happen(Desk& desk) {
    if (desk.draws.chance(40)) {
        return happen_with_savepoint(desk);
    }
    happen_once(desk);
    if (desk.draws.chance(50)) {  // A batch job does more at once.
        for (std::int64_t left = desk.draws.between(1, 10); left > 0; --left) {
            happen_once(desk);
        }
    }
}

void Payer::happen_with_savepoint(Desk& desk) {
    happen_once(desk);
    const World::Mark world_before = world_.mark();
    const Transcript::Mark before = transcript_.savepoint();
    happen_once(desk);
    if (desk.draws.chance(600)) {
        world_.rollback(world_before);
        transcript_.rollback_to_savepoint(before);
    }
    happen_once(desk);
}

void Payer::add_email_column(Desk& desk) {
    transcript_.add_email_column();
    has_email_ = desk.has_email = true;
    set_email(desk);
}

}  // namespace weir::simulate
