#include "simulate/origin.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "simulate/codes.h"
#include "simulate/draw.h"
#include "simulate/line_price.h"

namespace weir::simulate {
namespace {

// Eight claims have twenty lines, in an order drawn per block, so that any number of lines is met
// exactly and a claim's lines are known without counting those before it.
constexpr std::array<std::int64_t, 8> block_lines = {1, 1, 1, 2, 2, 3, 4, 6};
constexpr std::int64_t block_line_sum = 20;
// Ten members are five families.
constexpr std::array<std::int64_t, 5> block_families = {1, 1, 2, 2, 4};
constexpr std::int64_t block_members = 10;

const Day first_service_day = day_of(2024, 1, 1);
const Day last_service_day = day_of(2025, 8, 31);

std::int64_t lines_at(std::uint64_t seed, std::int64_t block, std::int64_t place) {
    const std::int64_t shift = Draws(seed, Stream::claim_block, block).below(8);
    return block_lines[static_cast<std::size_t>((place + shift) % 8)];
}

std::int64_t family_of(std::uint64_t seed, std::int64_t member) {
    const std::int64_t block = (member - 1) / block_members;
    const std::int64_t shift = Draws(seed, Stream::family, -block).below(5);
    std::int64_t head = block * block_members + 1;
    for (std::int64_t at = 0;; ++at) {
        const std::int64_t size = block_families[static_cast<std::size_t>((at + shift) % 5)];
        if (member < head + size) {
            return head;
        }
        head += size;
    }
}

// Every member is covered at some time between the first and the last service day.
void add_spans(std::uint64_t seed, std::int64_t plan_count, Member& member) {
    Draws draws(seed, Stream::span, member.id);
    const Day from = day_of(2022, 1, 1) + static_cast<Day>(draws.below(24)) * 30;
    Span span{member.id * 100, draws.between(1, plan_count), from, open_end, SpanReason::enrolled};
    const std::int64_t kind = draws.below(100);
    if (kind >= 70) {
        span.to = day_of(2024, 7, 1) + static_cast<Day>(draws.below(12)) * 30;
        span.reason = SpanReason::terminated;
    }
    member.spans.push_back(span);
    if (kind >= 80) {
        const Day gap = draws.chance(500) ? 0 : static_cast<Day>(draws.below(60));
        member.spans.push_back({span.id + 1, draws.between(1, plan_count), span.to + gap, open_end,
                                SpanReason::plan_change});
    }
}

void add_event(Claim& claim, Draws& draws, ClaimStatus status, Day day) {
    const Micros time =
        day * micros_per_day + draws.below(86'400) * micros_per_second + draws.below(1'000'000);
    claim.events.push_back({std::max(time, claim.updated_at + 1), status, draws.chance(150)});
    claim.updated_at = claim.events.back().occurred_at;
    claim.status = status;
}

void add_payment(Claim& claim, Draws& draws, Cents amount, Day day) {
    claim.paid = day;
    if (amount != 0) {
        claim.payments.push_back({amount, day, draws.chance(200)});
    }
}

}  // namespace

Origin::Origin(std::uint64_t seed, std::int64_t scale)
    : seed_(seed),
      scale_(scale),
      provider_count_(std::max<std::int64_t>(20, scale / 500)),
      member_count_(std::max<std::int64_t>(50, scale / 20)),
      claim_count_(scale / block_line_sum * 8) {
    WEIR_ASSERT(scale > 0);
    const std::int64_t block = scale / block_line_sum;
    for (std::int64_t rest = scale % block_line_sum; rest > 0; ++claim_count_) {
        rest -= lines_at(seed, block, claim_count_ % 8);
    }
}

std::int64_t Origin::line_count(std::int64_t claim) const {
    const std::int64_t block = (claim - 1) / 8;
    const std::int64_t count = lines_at(seed_, block, (claim - 1) % 8);
    if (claim < claim_count_) {
        return count;
    }
    std::int64_t before = block * block_line_sum;
    for (std::int64_t place = 0; place < (claim - 1) % 8; ++place) {
        before += lines_at(seed_, block, place);
    }
    return std::min(count, scale_ - before);
}

Plan Origin::plan(std::int64_t id) const {
    return {id, 0};
}

Provider Origin::provider(std::int64_t id) const {
    Provider provider;
    provider.id = id;
    provider.par = Draws(seed_, Stream::provider, -id).chance(850);
    return provider;
}

Member Origin::member(std::int64_t id) const {
    Member member;
    member.id = id;
    member.person = id;
    member.family = family_of(seed_, id);
    member.subscriber_id = member.family;
    Draws draws(seed_, Stream::member, -id);
    member.updated_at = (day_of(2023, 1, 1) + draws.below(700)) * micros_per_day +
                        draws.below(86'400) * micros_per_second + draws.below(1'000'000);
    add_spans(seed_, plan_count(), member);
    return member;
}

ClaimStatus Origin::first_status(std::int64_t claim) const {
    // The newest claims are still in work.
    const bool open = claim > claim_count_ - claim_count_ / 25;
    const std::int64_t kind = Draws(seed_, Stream::claim, -claim).below(100);
    if (open) {
        return kind < 50 ? ClaimStatus::received : ClaimStatus::adjudicated;
    }
    return kind < 84   ? ClaimStatus::paid
           : kind < 94 ? ClaimStatus::denied
           : kind < 98 ? ClaimStatus::adjusted
                       : ClaimStatus::voided;
}

void Origin::add_service(Claim& claim) const {
    Draws draws(seed_, Stream::claim, claim.id);
    claim.member_id = draws.between(1, member_count_);
    claim.provider_id = draws.between(1, provider_count_);
    claim.institutional = draws.chance(180);
    const Member member = this->member(claim.member_id);
    const Span& span = draws.pick_from(member.spans);
    const Day begin = std::max(span.from, first_service_day);
    const Day end = std::min(span.to - 1, last_service_day);
    claim.plan_id = span.plan_id;
    claim.service_from = static_cast<Day>(draws.between(begin, end));
    claim.service_to =
        claim.service_from + (claim.institutional ? static_cast<Day>(draws.below(10)) : 0);
    claim.received = claim.service_to + static_cast<Day>(draws.quantile(receipt_days));
    claim.diagnosis_count = draws.between(1, 4);
}

void Origin::add_history(Claim& claim) const {
    Draws draws(seed_, Stream::event, claim.id);
    const ClaimStatus last = first_status(claim.id);
    const Day final_day = claim.received + static_cast<Day>(draws.quantile(payment_days));
    add_event(claim, draws, ClaimStatus::received, claim.received);
    if (last == ClaimStatus::received) {
        return;
    }
    if (last == ClaimStatus::denied) {
        add_event(claim, draws, ClaimStatus::denied, final_day);
        return;
    }
    add_event(claim, draws, ClaimStatus::adjudicated, claim.received + 1);
    if (last == ClaimStatus::adjudicated) {
        return;
    }
    add_event(claim, draws, ClaimStatus::paid, final_day);
    const Cents paid = price_of(seed_, claim).paid;
    add_payment(claim, draws, paid, final_day);
    if (last == ClaimStatus::paid) {
        return;
    }
    claim.price_version = 1;
    add_event(claim, draws, last, final_day + 10);
    add_payment(claim, draws, price_of(seed_, claim).paid - paid, final_day + 10);
}

Claim Origin::claim(std::int64_t id) const {
    Claim claim;
    claim.id = id;
    const std::int64_t lines = line_count(id);
    for (std::int64_t line = 1; line <= lines; ++line) {
        claim.lines.push_back(
            {static_cast<std::uint16_t>(line), static_cast<std::uint8_t>(line), 0});
    }
    add_service(claim);
    add_history(claim);
    return claim;
}

}  // namespace weir::simulate
