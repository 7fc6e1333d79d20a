#include "simulate/claim_life.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "simulate/codes.h"
#include "simulate/line_price.h"
#include "simulate/rows.h"

namespace weir::simulate {
namespace {

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
    }
}

}  // namespace

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
}

}  // namespace weir::simulate
