#include "simulate/claim_life.h"

<<<<<<< HEAD
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "simulate/codes.h"
#include "simulate/line_price.h"
#include "simulate/rows.h"
=======
#include <algorithm>
#include <optional>

#include "simulate/codes.h"
#include "simulate/line_price.h"
>>>>>>> simulate2

namespace weir::simulate {
namespace {

<<<<<<< HEAD
// Events and payments of a claim are numbered below 1,000; a claim that is this busy only gets
// notes.
constexpr std::size_t busy_events = 400;

std::optional<Claim> draw_claim(Desk& desk) {
    const std::int64_t newest = desk.world.numbers().next_claim - 1;
    Claim claim = desk.world.claim(desk.draws.between(desk.world.first_live_claim(), newest));
    return claim.exists ? std::optional(std::move(claim)) : std::nullopt;
}

void reach(Desk& desk, Claim& claim, ClaimStatus status) {
    claim.status = status;
    claim.updated_at = desk.now;
    claim.events.push_back({desk.now, status, desk.draws.chance(200)});
}

void add_payment(Desk& desk, Claim& claim, Cents amount) {
    claim.payments.push_back({amount, desk.today(), desk.draws.chance(150)});
}

Cents paid_so_far(const Claim& claim) {
    Cents sum = 0;
    for (const Payment& payment : claim.payments) {
        sum += payment.amount;
    }
    return sum;
}

void pay(Desk& desk, Claim& claim) {
    reach(desk, claim, ClaimStatus::paid);
    claim.paid = desk.today();
    add_payment(desk, claim, price_of(desk.world.seed(), claim).paid);
}

// Takes the whole payment back and pays anew, as the trade does it.
void adjust(Desk& desk, Claim& claim) {
    reach(desk, claim, ClaimStatus::adjusted);
    ++claim.price_version;
    claim.paid = desk.today();
    add_payment(desk, claim, -paid_so_far(claim));
    add_payment(desk, claim, price_of(desk.world.seed(), claim).paid);
}

void void_claim(Desk& desk, Claim& claim) {
    reach(desk, claim, ClaimStatus::voided);
    claim.paid = no_day;
    add_payment(desk, claim, -paid_so_far(claim));
}

// Not every screen keeps the time of the last change, and long notes are mostly left alone.
void annotate(Desk& desk, Claim& claim) {
    if (desk.draws.chance(700)) {
        ++claim.attachments_version;
    } else {
        ++claim.note_version;
    }
    if (desk.draws.chance(800)) {
        claim.updated_at = desk.now;
    }
}

void advance_received(Desk& desk, Claim& claim) {
    const std::int64_t chance = desk.draws.below(100);
    if (chance < 88) {
        reach(desk, claim, ClaimStatus::adjudicated);
    } else if (chance < 95) {
        reach(desk, claim, ClaimStatus::denied);
    } else {
        annotate(desk, claim);
    }
}

void advance_adjudicated(Desk& desk, Claim& claim) {
    const std::int64_t chance = desk.draws.below(100);
    if (chance < 85) {
        pay(desk, claim);
    } else if (chance < 92) {
        reach(desk, claim, ClaimStatus::denied);
    } else {
        annotate(desk, claim);
    }
}

void advance_paid(Desk& desk, Claim& claim) {
    const std::int64_t chance = desk.draws.below(100);
    if (chance < 20) {
        adjust(desk, claim);
    } else if (chance < 30) {
        void_claim(desk, claim);
    } else {
        annotate(desk, claim);
    }
}

void advance_denied(Desk& desk, Claim& claim) {
    if (desk.draws.chance(300)) {
        ++claim.price_version;
        reach(desk, claim, ClaimStatus::adjudicated);
    } else {
        annotate(desk, claim);
    }
}

void advance(Desk& desk, Claim& claim) {
    if (claim.events.size() >= busy_events) {
        return annotate(desk, claim);
    }
    switch (claim.status) {
        case ClaimStatus::received: return advance_received(desk, claim);
        case ClaimStatus::adjudicated: return advance_adjudicated(desk, claim);
        case ClaimStatus::paid:
        case ClaimStatus::adjusted: return advance_paid(desk, claim);
        case ClaimStatus::denied: return advance_denied(desk, claim);
        case ClaimStatus::voided: return annotate(desk, claim);
    }
}

// A member whose id is provisional gets no claims yet.
Member draw_insured(Desk& desk) {
    Member member = desk.world.member(desk.draws.between(1, desk.world.numbers().next_person - 1));
    return member.id == member.person ? member : desk.world.member(1);
}

void add_lines(Desk& desk, Claim& claim) {
    for (std::int64_t left = desk.draws.pick(line_counts); left > 0; --left) {
        const std::size_t number = claim.lines.size() + 1;
        claim.lines.push_back(
            {static_cast<std::uint16_t>(number), static_cast<std::uint8_t>(number)});
=======
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
>>>>>>> simulate2
    }
}

}  // namespace

<<<<<<< HEAD
void receive_claim(Desk& desk) {
    Draws& draws = desk.draws;
    const Member member = draw_insured(desk);
    Claim claim{.id = desk.world.numbers().next_claim++};
    claim.member_id = member.id;
    claim.provider_id = draws.between(1, desk.world.origin().providers());
    claim.plan_id = member.spans.empty() ? 1 : member.spans.back().plan_id;
    claim.institutional = draws.chance(300);
    claim.received = desk.today();
    claim.service_to = claim.received - static_cast<Day>(draws.quantile(receipt_days));
    claim.service_from =
        claim.service_to - static_cast<Day>(claim.institutional ? draws.below(12) : 0);
    claim.diagnosis_count = draws.between(1, 6);
    add_lines(desk, claim);
    reach(desk, claim, ClaimStatus::received);
    save(desk, nullptr, claim);
}

void advance_claim(Desk& desk) {
    const std::optional<Claim> before = draw_claim(desk);
    if (!before) {
        return receive_claim(desk);
    }
    Claim claim = *before;
    advance(desk, claim);
    save(desk, &*before, claim);
}

void run_payments(Desk& desk) {
    bool any = false;
    for (std::int64_t left = desk.draws.between(5, 20); left > 0; --left) {
        const std::optional<Claim> before = draw_claim(desk);
        if (before && before->status == ClaimStatus::adjudicated &&
            before->events.size() < busy_events) {
            Claim claim = *before;
            pay(desk, claim);
            save(desk, &*before, claim);
            any = true;
        }
    }
    if (!any) {
        receive_claim(desk);
    }
}

void renumber_line(Desk& desk) {
    const std::optional<Claim> before = draw_claim(desk);
    if (!before) {
        return receive_claim(desk);
    }
    Claim claim = *before;
    const std::uint16_t last = std::ranges::max_element(claim.lines, {}, &Line::number)->number;
    if (last > 30'000) {
        return receive_claim(desk);
    }
    const auto at = static_cast<std::size_t>(desk.draws.below(std::ssize(claim.lines)));
    claim.lines[at].number = static_cast<std::uint16_t>(last + 1);
    save(desk, &*before, claim);
}

void change_diagnoses(Desk& desk) {
    const std::optional<Claim> before = draw_claim(desk);
    if (!before) {
        return receive_claim(desk);
    }
    Claim claim = *before;
    const bool fewer =
        claim.diagnosis_count > 1 && (desk.draws.chance(700) || claim.diagnosis_count > 20);
    claim.diagnosis_count += fewer ? -1 : 1;
    claim.updated_at = desk.now;
    save(desk, &*before, claim);
}

void purge_claim(Desk& desk) {
    const std::optional<Claim> before = draw_claim(desk);
    const bool over =
        before && (before->status == ClaimStatus::denied || before->status == ClaimStatus::voided);
    if (!over || before->id <= desk.world.origin().bulk_claims()) {
        return advance_claim(desk);
    }
    Claim claim = *before;
    claim.exists = false;
    save(desk, &*before, claim);
}

void change_units_in_bulk(Desk& desk) {
    const std::uint64_t seed = desk.world.seed();
    const std::int64_t last = desk.world.origin().bulk_claims();
    std::int64_t rows = 0;
    Row before;
    Row after;
    for (std::int64_t number = 1; number <= last; ++number) {
        Claim claim = desk.world.claim(number);
        for (Line& line : claim.lines) {
            line_row(before, seed, claim, line);
            ++line.units_added;
            line_row(after, seed, claim, line);
            desk.transcript.follow(Table::claim_line, before, after);
            ++rows;
        }
        desk.world.put(claim);
    }
    desk.transcript.statement(
        fmt::format("UPDATE claims.claim_line SET units = units + 1 WHERE claim_id <= {}", last),
        rows);
=======
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
>>>>>>> simulate2
}

}  // namespace weir::simulate
