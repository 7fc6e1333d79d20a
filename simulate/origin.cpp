#include "simulate/origin.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/assert.h"
#include "simulate/codes.h"
#include "simulate/draw.h"
#include "simulate/line_price.h"

namespace weir::simulate {
namespace {

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
    }
}

}  // namespace

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

}  // namespace weir::simulate
