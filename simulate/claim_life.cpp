#include "simulate/claim_life.h"

#include <algorithm>
#include <optional>

#include "simulate/codes.h"
#include "simulate/line_price.h"

namespace weir::simulate {
namespace {

constexpr int attempts = 16;
// Event numbers leave room for 1,000 events of a claim; chains are far shorter.
constexpr std::size_t event_count_max = 900;

const Span* span_on(const Member& member, Day day) {
    const auto covers = [&](const Span& span) { return span.from <= day && day < span.to; };
    const auto found = std::find_if(member.spans.begin(), member.spans.end(), covers);
    return found == member.spans.end() ? nullptr : &*found;
}

bool is_covered(const Draft& draft, const Claim& claim) {
    return span_on(draft.member(claim.member_id), claim.service_from) != nullptr;
}

std::optional<Claim> waiting_claim(const Draft& draft, Model& model, Draws& draws,
                                   ClaimStatus status) {
    std::vector<std::int64_t>& ids = model.waiting(status);
    for (int attempt = 0; attempt < attempts && !ids.empty();) {
        const auto at =
            static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(ids.size())));
        const Claim committed = model.claim(ids[at]);
        if (!committed.exists || committed.status != status) {
            ids[at] = ids.back();
            ids.pop_back();
            continue;
        }
        Claim claim = draft.claim(ids[at]);
        if (claim.exists && claim.status == status) {
            return claim;
        }
        ++attempt;
    }
    return std::nullopt;
}

template <typename Predicate>
std::optional<Claim> any_claim(const Draft& draft, Draws& draws, Predicate fits) {
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Claim claim = draft.claim(draws.between(1, draft.model().claim_last()));
        if (claim.exists && claim.events.size() < event_count_max && fits(claim)) {
            return claim;
        }
    }
    return std::nullopt;
}

std::optional<Claim> any_claim(const Draft& draft, Draws& draws) {
    return any_claim(draft, draws, [](const Claim&) { return true; });
}

void set_status(const Draft& draft, Draws& draws, Claim& claim, ClaimStatus status) {
    claim.status = status;
    claim.updated_at = draft.now();
    claim.events.push_back({draft.now(), status, draws.chance(150)});
}

// Brings the sum of payments to what the claim now pays.
void settle(const Draft& draft, Draws& draws, Claim& claim) {
    Cents due = price_of(draft.seed(), claim).paid;
    for (const Payment& payment : claim.payments) {
        due -= payment.amount;
    }
    claim.paid = draft.today();
    if (due != 0) {
        claim.payments.push_back({due, draft.today(), draws.chance(200)});
    }
}

void add_line(Claim& claim) {
    std::uint16_t number = 0;
    for (const Line& line : claim.lines) {
        number = std::max(number, line.number);
    }
    const auto origin = static_cast<std::uint8_t>(claim.lines.size() + 1);
    claim.lines.push_back({static_cast<std::uint16_t>(number + 1), origin, 0});
}

void add_service(const Draft& draft, Draws& draws, const Member& member, Claim& claim) {
    claim.institutional = draws.chance(180);
    const Day day = draft.today() - static_cast<Day>(draws.quantile(receipt_days));
    const Span* span = span_on(member, day);
    claim.plan_id = span != nullptr ? span->plan_id : member.spans.back().plan_id;
    claim.service_from = day;
    claim.service_to = claim.institutional
                           ? std::min(draft.today(), day + static_cast<Day>(draws.below(10)))
                           : day;
    claim.received = draft.today();
    claim.diagnosis_count = draws.between(1, 6);
    for (std::int64_t lines = draws.pick(line_counts); lines > 0; --lines) {
        add_line(claim);
    }
}

}  // namespace

bool receive_claim(Draft& draft, Model& /*model*/, Draws& draws) {
    for (int attempt = 0; attempt < attempts; ++attempt) {
        const Member member = draft.member(draws.between(1, draft.model().member_last()));
        if (!member.exists || member.spans.empty()) {
            continue;
        }
        Claim claim;
        claim.id = draft.next_claim_id();
        claim.member_id = member.id;
        claim.provider_id = draws.between(1, draft.model().provider_last());
        add_service(draft, draws, member, claim);
        set_status(draft, draws, claim, ClaimStatus::received);
        draft.change(claim);
        return true;
    }
    return false;
}

bool adjudicate_claim(Draft& draft, Model& model, Draws& draws) {
    std::optional<Claim> claim = waiting_claim(draft, model, draws, ClaimStatus::received);
    if (!claim) {
        return false;
    }
    const bool denied = draws.chance(100) || !is_covered(draft, *claim);
    set_status(draft, draws, *claim, denied ? ClaimStatus::denied : ClaimStatus::adjudicated);
    draft.change(*claim);
    return true;
}

bool pay_claim(Draft& draft, Model& model, Draws& draws) {
    std::optional<Claim> claim = waiting_claim(draft, model, draws, ClaimStatus::adjudicated);
    if (!claim) {
        return false;
    }
    set_status(draft, draws, *claim, ClaimStatus::paid);
    settle(draft, draws, *claim);
    draft.change(*claim);
    return true;
}

bool adjust_claim(Draft& draft, Model& /*model*/, Draws& draws) {
    std::optional<Claim> claim = any_claim(draft, draws, [&](const Claim& candidate) {
        return (candidate.status == ClaimStatus::paid ||
                candidate.status == ClaimStatus::adjusted ||
                candidate.status == ClaimStatus::denied) &&
               candidate.lines.size() < 200 && is_covered(draft, candidate);
    });
    if (!claim) {
        return false;
    }
    ++claim->price_version;
    if (draws.chance(200)) {
        add_line(*claim);
    }
    claim->diagnosis_count =
        std::max<std::int64_t>(1, claim->diagnosis_count + draws.between(-1, 1));
    set_status(draft, draws, *claim, ClaimStatus::adjusted);
    settle(draft, draws, *claim);
    draft.change(*claim);
    return true;
}

bool void_claim(Draft& draft, Model& /*model*/, Draws& draws) {
    std::optional<Claim> claim = any_claim(draft, draws, [](const Claim& candidate) {
        return candidate.status == ClaimStatus::paid || candidate.status == ClaimStatus::adjusted;
    });
    if (!claim) {
        return false;
    }
    set_status(draft, draws, *claim, ClaimStatus::voided);
    settle(draft, draws, *claim);
    draft.change(*claim);
    return true;
}

bool purge_claim(Draft& draft, Model& model, Draws& draws) {
    std::optional<Claim> claim = waiting_claim(draft, model, draws, ClaimStatus::voided);
    if (!claim) {
        return false;
    }
    claim->exists = false;
    draft.change(*claim);
    return true;
}

bool annotate_claim(Draft& draft, Model& /*model*/, Draws& draws) {
    std::optional<Claim> claim = any_claim(draft, draws);
    if (!claim) {
        return false;
    }
    ++claim->attachments_version;
    claim->updated_at = draft.now();
    draft.change(*claim);
    return true;
}

bool rewrite_note(Draft& draft, Model& /*model*/, Draws& draws) {
    std::optional<Claim> claim = any_claim(draft, draws);
    if (!claim) {
        return false;
    }
    // Not every writer keeps updated_at: a watermark on it would lose this change.
    ++claim->note_version;
    draft.change(*claim);
    return true;
}

bool touch_claim_often(Draft& draft, Model& /*model*/, Draws& draws) {
    std::optional<Claim> claim = any_claim(draft, draws);
    if (!claim) {
        return false;
    }
    for (std::int64_t times = draws.between(20, 50); times > 0; --times) {
        ++claim->attachments_version;
        ++claim->updated_at;
        draft.change(*claim);
    }
    return true;
}

bool renumber_line(Draft& draft, Model& /*model*/, Draws& draws) {
    std::optional<Claim> claim = any_claim(draft, draws, [](const Claim& candidate) {
        return candidate.lines.size() > 1 && candidate.lines.size() < 200;
    });
    if (!claim) {
        return false;
    }
    const auto at =
        static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(claim->lines.size())));
    std::uint16_t last = 0;
    for (const Line& line : claim->lines) {
        last = std::max(last, line.number);
    }
    if (last > 60'000) {
        return false;
    }
    claim->lines[at].number = static_cast<std::uint16_t>(last + 1);
    draft.change(*claim);
    return true;
}

}  // namespace weir::simulate
