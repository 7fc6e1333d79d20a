#include "simulate/origin.h"

#include <algorithm>
#include <array>
<<<<<<< HEAD
#include <iterator>
#include <numeric>
#include <utility>
=======
>>>>>>> simulate2

#include "base/assert.h"
#include "simulate/codes.h"
#include "simulate/draw.h"
#include "simulate/line_price.h"

namespace weir::simulate {
namespace {

<<<<<<< HEAD
// Claims come in blocks that hold each line count once, in a drawn order: so the number of claims
// that have a number of lines is known without counting.
constexpr std::int64_t block_claims = std::ssize(line_counts);
constexpr std::int64_t block_lines =
    std::accumulate(std::begin(line_counts), std::end(line_counts), std::int64_t{0});

const Day first_day = day_of(2023, 1, 1);
const Day run_day = day_of(2025, 7, 1);

Micros moment_on(Day day, Draws& draws) {
    return day * micros_per_day + draws.below(86'400) * micros_per_second +
           draws.below(micros_per_second);
}

// Members move between plans and out of cover; most stay.
void add_spans(Member& member, std::int64_t plan, Draws& draws) {
    const Day from = day_of(2022, 1, 1) + static_cast<Day>(draws.below(800));
    member.spans.push_back({.id = member.id * 10, .plan_id = plan, .from = from, .to = open_end});
    if (draws.chance(850)) {
        return;
    }
    member.spans[0].to = from + static_cast<Day>(draws.between(60, 400));
    member.spans[0].reason = SpanReason::terminated;
    if (draws.chance(500)) {
        member.spans.push_back({.id = member.id * 10 + 1,
                                .plan_id = plan,
                                .from = member.spans[0].to + static_cast<Day>(draws.below(60)),
                                .to = open_end,
                                .reason = SpanReason::reinstated});
=======
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
>>>>>>> simulate2
    }
}

}  // namespace

<<<<<<< HEAD
Origin::Origin(const Setting& setting)
    : setting_(setting),
      providers_(std::max<std::int64_t>(20, setting.scale / 500)),
      members_(std::max<std::int64_t>(30, setting.scale / 20)),
      claims_(setting.scale / block_lines * block_claims) {
    WEIR_ASSERT(setting.scale > 0);
    for (std::int64_t rest = setting.scale % block_lines; rest > 0; rest -= last_lines_) {
        ++claims_;
        last_lines_ = std::min(rest, drawn_line_count(claims_));
    }
    bulk_claims_ = bulk_claim_count();
}

std::int64_t Origin::bulk_claim_count() const {
    const std::int64_t wanted = std::clamp<std::int64_t>(setting_.scale / 4, 1, 100'000);
    std::int64_t count = 0;
    for (std::int64_t lines = 0; lines < wanted;) {
        lines += line_count(++count);
    }
    return count;
}

std::int64_t Origin::drawn_line_count(std::int64_t claim) const {
    Draws draws(setting_.seed, Stream::claim_block, (claim - 1) / block_claims);
    auto counts = std::to_array(line_counts);
    for (std::int64_t left = block_claims; left > 1; --left) {
        std::swap(counts[static_cast<std::size_t>(left - 1)],
                  counts[static_cast<std::size_t>(draws.below(left))]);
    }
    return counts[static_cast<std::size_t>((claim - 1) % block_claims)];
}

std::int64_t Origin::line_count(std::int64_t claim) const {
    return claim == claims_ && last_lines_ > 0 ? last_lines_ : drawn_line_count(claim);
}

Plan Origin::plan(std::int64_t number) const {
    return {.id = number};
}

Provider Origin::provider(std::int64_t number) const {
    Draws draws(setting_.seed, Stream::provider, number, 3'000'000);
    return {.id = number, .par = draws.chance(850)};
}

std::int64_t Origin::plan_of(std::int64_t member) const {
    return Draws(setting_.seed, Stream::span, member).between(1, plans());
}

Member Origin::member(std::int64_t number) const {
    Draws draws(setting_.seed, Stream::member, number, 3'000'000);
    Member member{.id = number, .person = number};
    member.family = (number - 1) / 3;
    member.subscriber_id = member.family * 3 + 1;
    member.updated_at =
        moment_on(first_day + static_cast<Day>(draws.below(run_day - first_day)), draws);
    add_spans(member, plan_of(number), draws);
    return member;
}

Claim Origin::claim(std::int64_t number) const {
    Draws draws(setting_.seed, Stream::claim, number);
    Claim claim{.id = number};
    claim.member_id = draws.between(1, members_);
    claim.provider_id = draws.between(1, providers_);
    claim.plan_id = plan_of(claim.member_id);
    claim.institutional = draws.chance(300);
    claim.diagnosis_count = draws.chance(800) ? draws.between(1, 4) : draws.between(5, 12);
    for (std::int64_t line = line_count(number); line > 0; --line) {
        const std::size_t no = claim.lines.size() + 1;
        claim.lines.push_back({static_cast<std::uint16_t>(no), static_cast<std::uint8_t>(no)});
    }
    add_dates(claim);
    add_outcome(claim);
    return claim;
}

void Origin::add_dates(Claim& claim) const {
    Draws draws(setting_.seed, Stream::claim, claim.id, 1);
    const auto day = static_cast<Day>((claim.id - 1) * (run_day - first_day) / claims_);
    claim.service_from = first_day + day - static_cast<Day>(draws.below(30));
    claim.service_to = claim.service_from;
    if (claim.institutional) {
        claim.service_to =
            std::min<Day>(claim.service_from + static_cast<Day>(draws.below(12)), run_day - 1);
    }
    claim.received = std::min<Day>(
        claim.service_to + static_cast<Day>(draws.quantile(receipt_days)), run_day - 1);
    claim.updated_at = moment_on(claim.received, draws);
    claim.events.push_back({.occurred_at = claim.updated_at, .manual = draws.chance(50)});
}

void Origin::add_outcome(Claim& claim) const {
    Draws draws(setting_.seed, Stream::event, claim.id);
    const Day final_day = claim.received + static_cast<Day>(draws.quantile(payment_days));
    const auto reach = [&](ClaimStatus status, Day day) {
        claim.status = status;
        claim.updated_at = std::max(claim.updated_at, moment_on(day, draws));
        claim.events.push_back({claim.updated_at, status, draws.chance(200)});
    };
    if (final_day + 40 >= run_day) {
        if (draws.chance(500) && claim.received + 2 < run_day) {
            reach(ClaimStatus::adjudicated, claim.received + 1);
        }
        return;
    }
    if (draws.chance(80)) {
        reach(ClaimStatus::denied, final_day);
        return;
    }
    reach(ClaimStatus::adjudicated, claim.received + 1);
    reach(ClaimStatus::paid, final_day);
    claim.paid = final_day;
    pay(claim);
    if (draws.chance(60)) {
        const Day day = final_day + static_cast<Day>(draws.between(5, 35));
        claim.payments.push_back({-claim.payments[0].amount, day, claim.payments[0].by_check});
        reach(draws.chance(800) ? ClaimStatus::adjusted : ClaimStatus::voided, day);
        if (claim.status == ClaimStatus::adjusted) {
            ++claim.price_version;
            claim.paid = day;
            pay(claim);
        }
    }
}

void Origin::pay(Claim& claim) const {
    Draws draws(setting_.seed, Stream::payment, claim.id, claim.payments.size());
    claim.payments.push_back({price_of(setting_.seed, claim).paid, claim.paid, draws.chance(150)});
}

Micros Origin::time_of(std::int64_t transaction) const {
    const std::int64_t tie = transaction / 3;
    Draws draws(setting_.seed, Stream::clock, tie);
    return run_day * micros_per_day + tie * 60 * micros_per_second +
           draws.below(30 * micros_per_second);
}

=======
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

>>>>>>> simulate2
}  // namespace weir::simulate
