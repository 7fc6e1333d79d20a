#include "simulate/member_life.h"

#include <algorithm>
#include <utility>

namespace weir::simulate {
namespace {

constexpr std::int64_t provisional = 9'000'000'000;
constexpr std::size_t spans_max = 8;

Member draw_member(Desk& desk) {
    return desk.world.member(desk.draws.between(1, desk.world.numbers().next_person - 1));
}

Provider draw_provider(Desk& desk) {
    return desk.world.provider(desk.draws.between(1, desk.world.origin().providers()));
}

void save_as_of_now(Desk& desk, const Member& before, Member after) {
    after.updated_at = desk.now;
    save(desk, &before, after);
}

void move(Desk& desk, const Member& before) {
    Member after = before;
    ++after.address_version;
    save_as_of_now(desk, before, std::move(after));
}

Day days(Desk& desk, std::int64_t low, std::int64_t high) {
    return static_cast<Day>(desk.draws.between(low, high));
}

Span new_span(Desk& desk, Day from, SpanReason reason, std::int64_t plan) {
    return {.id = desk.world.numbers().next_span++,
            .plan_id = plan,
            .from = from,
            .to = open_end,
            .reason = reason};
}

}  // namespace

void move_member(Desk& desk) {
    move(desk, draw_member(desk));
}

void marry_member(Desk& desk) {
    const Member before = draw_member(desk);
    Member after = before;
    ++after.name_version;
    if (desk.draws.chance(600)) {
        ++after.address_version;
    }
    save_as_of_now(desk, before, std::move(after));
}

void enroll_newborn(Desk& desk) {
    const Member parent = draw_member(desk);
    Member child{.person = desk.world.numbers().next_person++};
    child.id = provisional + child.person;
    child.subscriber_id = parent.subscriber_id;
    child.family = parent.family;
    child.name_version = parent.name_version;
    child.updated_at = desk.now;
    child.spans.push_back(new_span(desk, desk.today() - days(desk, 0, 30), SpanReason::enrolled,
                                   parent.spans.empty() ? 1 : parent.spans.back().plan_id));
    save(desk, nullptr, child);
}

void confirm_newborn(Desk& desk) {
    const std::int64_t newest = desk.world.numbers().next_person - 1;
    const std::int64_t oldest = std::max(desk.world.origin().members() + 1, newest - 50);
    for (std::int64_t person = oldest; person <= newest; ++person) {
        const Member before = desk.world.member(person);
        if (before.id != person) {
            Member after = before;
            after.id = person;
            return save_as_of_now(desk, before, std::move(after));
        }
    }
    enroll_newborn(desk);
}

void terminate_retroactively(Desk& desk) {
    const Member before = draw_member(desk);
    const Day end = desk.today() - days(desk, 10, 180);
    if (before.spans.empty() || before.spans.back().to != open_end ||
        before.spans.back().from >= end) {
        return move(desk, before);
    }
    Member after = before;
    after.spans.back().to = end;
    after.spans.back().reason = SpanReason::terminated;
    save(desk, &before, after);
}

void reinstate_retroactively(Desk& desk) {
    const Member before = draw_member(desk);
    if (before.spans.size() >= spans_max ||
        (!before.spans.empty() && before.spans.back().to == open_end)) {
        return move(desk, before);
    }
    Member after = before;
    if (after.spans.empty()) {
        const Day from = desk.today() - days(desk, 10, 180);
        after.spans.push_back(new_span(desk, from, SpanReason::reinstated,
                                       desk.draws.between(1, desk.world.origin().plans())));
    } else if (desk.draws.chance(500)) {
        after.spans.back().to = open_end;
        after.spans.back().reason = SpanReason::reinstated;
    } else {
        const Span last = after.spans.back();
        after.spans.push_back(
            new_span(desk, last.to + days(desk, 0, 60), SpanReason::reinstated, last.plan_id));
    }
    save(desk, &before, after);
}

void correct_span(Desk& desk) {
    const Member before = draw_member(desk);
    const Day shift = days(desk, 1, 28);
    if (before.spans.empty() || before.spans.back().from + shift >= before.spans.back().to) {
        return move(desk, before);
    }
    Member after = before;
    after.spans.back().from += shift;  // Later only, so that spans never overlap.
    after.spans.back().reason = SpanReason::corrected;
    save(desk, &before, after);
}

void remove_span(Desk& desk) {
    const Member before = draw_member(desk);
    if (before.spans.empty()) {
        return move(desk, before);
    }
    Member after = before;
    after.spans.pop_back();
    save_as_of_now(desk, before, std::move(after));
}

void change_plan(Desk& desk) {
    const Member before = draw_member(desk);
    const Day start = desk.today() + days(desk, 0, 40);
    if (before.spans.empty() || before.spans.size() >= spans_max ||
        before.spans.back().to != open_end || before.spans.back().from >= start) {
        return move(desk, before);
    }
    Member after = before;
    Span& last = after.spans.back();
    last.to = start;
    const std::int64_t next_plan = last.plan_id % desk.world.origin().plans() + 1;
    after.spans.push_back(new_span(desk, start, SpanReason::plan_change, next_plan));
    save(desk, &before, after);
}

void set_email(Desk& desk) {
    const Member before = draw_member(desk);
    if (!desk.has_email) {
        return move(desk, before);
    }
    Member after = before;
    ++after.email_version;
    save_as_of_now(desk, before, std::move(after));
}

void change_provider(Desk& desk) {
    Provider provider = draw_provider(desk);
    switch (desk.draws.below(4)) {
        case 0: provider.par = !provider.par; break;
        case 1: ++provider.name_version; break;
        case 2: ++provider.specialty_version; break;
        default: ++provider.address_version; break;
    }
    save(desk, provider);
}

void change_provider_often(Desk& desk) {
    Provider provider = draw_provider(desk);
    for (int change = 0; change < 50; ++change) {
        ++provider.address_version;
        save(desk, provider);
    }
}

void rename_plan(Desk& desk) {
    Plan plan = desk.world.plan(desk.draws.between(1, desk.world.origin().plans()));
    ++plan.name_version;
    save(desk, plan);
}

}  // namespace weir::simulate
