#include "simulate/member_life.h"

#include <algorithm>
#include <optional>

namespace weir::simulate {
namespace {

constexpr int attempts = 16;
// Spans of a member have 100 numbers from its origin on; a renumbered span is this far away.
constexpr std::int64_t span_numbers = 100;
constexpr std::int64_t renumbered = 1'000'000'000'000'000;

template <typename Predicate>
std::optional<Member> any_member(const Draft& draft, Draws& draws, Predicate fits) {
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Member member = draft.member(draws.between(1, draft.model().member_last()));
        if (member.exists && fits(member)) {
            return member;
        }
    }
    return std::nullopt;
}

std::int64_t next_span_id(const Member& member) {
    std::int64_t last = member.person * span_numbers - 1;
    for (const Span& span : member.spans) {
        last = std::max(last, span.id % renumbered);
    }
    return last + 1;
}

bool has_room(const Member& member) {
    return next_span_id(member) < (member.person + 1) * span_numbers;
}

bool is_open(const Member& member) {
    return !member.spans.empty() && member.spans.back().to == open_end;
}

void store(Draft& draft, Member& member) {
    member.updated_at = draft.now();
    draft.change(member);
}

}  // namespace

bool move_family(Draft& draft, Model& /*model*/, Draws& draws) {
    const auto anyone = any_member(draft, draws, [](const Member&) { return true; });
    if (!anyone) {
        return false;
    }
    bool moved = false;
    const std::int64_t last = std::min(anyone->subscriber_id + 3, draft.model().member_last());
    for (std::int64_t id = anyone->subscriber_id; id <= last; ++id) {
        Member member = draft.member(id);
        if (member.exists && member.subscriber_id == anyone->subscriber_id) {
            ++member.address_version;
            store(draft, member);
            moved = true;
        }
    }
    return moved;
}

bool marry(Draft& draft, Model& /*model*/, Draws& draws) {
    auto member = any_member(draft, draws, [](const Member&) { return true; });
    if (!member) {
        return false;
    }
    const auto spouse = any_member(draft, draws, [&](const Member& candidate) {
        return candidate.subscriber_id != member->subscriber_id;
    });
    if (!spouse) {
        return false;
    }
    member->family = spouse->family;
    member->name_version = spouse->name_version;
    member->subscriber_id = spouse->subscriber_id;
    member->address_version += 1;
    store(draft, *member);
    return true;
}

bool lose_eligibility(Draft& draft, Model& /*model*/, Draws& draws) {
    auto member = any_member(draft, draws, is_open);
    if (!member) {
        return false;
    }
    Span& span = member->spans.back();
    span.to = draft.today() - static_cast<Day>(draws.between(0, 180));
    span.reason = SpanReason::terminated;
    if (span.to <= span.from) {
        member->spans.pop_back();
    }
    store(draft, *member);
    return true;
}

bool regain_eligibility(Draft& draft, Model& /*model*/, Draws& draws) {
    auto member = any_member(draft, draws, [](const Member& candidate) {
        return !is_open(candidate) && has_room(candidate);
    });
    if (!member) {
        return false;
    }
    if (!member->spans.empty() && draws.chance(400)) {
        member->spans.back().to = open_end;
        member->spans.back().reason = SpanReason::reinstated;
    } else {
        Day from = draft.today() - static_cast<Day>(draws.between(0, 120));
        if (!member->spans.empty()) {
            from = std::max(from, member->spans.back().to);
        }
        member->spans.push_back({next_span_id(*member),
                                 draws.between(1, draft.model().origin().plan_count()), from,
                                 open_end, SpanReason::reinstated});
    }
    store(draft, *member);
    return true;
}

bool change_plan(Draft& draft, Model& /*model*/, Draws& draws) {
    auto member = any_member(draft, draws, [&](const Member& candidate) {
        return is_open(candidate) && has_room(candidate) &&
               candidate.spans.back().from < draft.today() - 60;
    });
    if (!member) {
        return false;
    }
    Span& old_span = member->spans.back();
    old_span.to = draft.today() - static_cast<Day>(draws.between(-30, 59));
    old_span.reason = SpanReason::corrected;
    const Span new_span{next_span_id(*member),
                        draws.between(1, draft.model().origin().plan_count()), old_span.to,
                        open_end, SpanReason::plan_change};
    member->spans.push_back(new_span);
    store(draft, *member);
    return true;
}

bool renumber_span(Draft& draft, Model& /*model*/, Draws& draws) {
    auto member =
        any_member(draft, draws, [](const Member& candidate) { return !candidate.spans.empty(); });
    if (!member) {
        return false;
    }
    Span& span = member->spans.front();
    span.id += span.id < renumbered ? renumbered : -renumbered;
    draft.change(*member);
    return true;
}

bool enrol_member(Draft& draft, Model& /*model*/, Draws& draws) {
    Member member;
    member.id = draft.next_provisional_id();
    member.person = member.id;
    const std::int64_t head = draws.between(1, draft.model().origin().member_count());
    const Member relative = draft.member(head);
    member.family = relative.exists ? relative.family : head;
    member.name_version = relative.name_version;
    member.subscriber_id = relative.exists ? relative.subscriber_id : head;
    member.spans.push_back({member.person * span_numbers,
                            draws.between(1, draft.model().origin().plan_count()), draft.today(),
                            open_end, SpanReason::enrolled});
    store(draft, member);
    return true;
}

bool confirm_member(Draft& draft, Model& model, Draws& draws) {
    std::vector<std::int64_t>& ids = model.provisional();
    for (int attempt = 0; attempt < attempts && !ids.empty();) {
        const auto at =
            static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(ids.size())));
        if (!model.member(ids[at]).exists) {
            ids[at] = ids.back();
            ids.pop_back();
            continue;
        }
        Member member = draft.member(ids[at]);
        if (!member.exists) {
            ++attempt;
            continue;
        }
        if (draws.chance(800)) {
            draft.change_id(member, draft.next_member_id());
        } else {
            member.exists = false;
            member.spans.clear();
            draft.change(member);
        }
        return true;
    }
    return false;
}

bool set_email(Draft& draft, Model& /*model*/, Draws& draws) {
    auto member = any_member(draft, draws, [](const Member&) { return true; });
    if (!draft.model().has_email() || !member) {
        return false;
    }
    member->email_version = draws.chance(150) ? 0 : member->email_version + 1;
    store(draft, *member);
    return true;
}

bool change_provider(Draft& draft, Model& /*model*/, Draws& draws) {
    if (draws.chance(150)) {
        Provider provider;
        provider.id = draft.next_provider_id();
        draft.change(provider);
        return true;
    }
    Provider provider = draft.provider(draws.between(1, draft.model().provider_last()));
    switch (draws.below(4)) {
        case 0: ++provider.name_version; break;
        case 1: ++provider.specialty_version; break;
        case 2: ++provider.address_version; break;
        default: provider.par = !provider.par;
    }
    draft.change(provider);
    return true;
}

bool rename_plan(Draft& draft, Model& /*model*/, Draws& draws) {
    Plan plan = draft.plan(draws.between(1, draft.model().origin().plan_count()));
    ++plan.name_version;
    draft.change(plan);
    return true;
}

}  // namespace weir::simulate
