// Goal: the initial data are a function of seed and scale, and money foots in every claim.
#include "simulate/origin.h"

#include <gtest/gtest.h>

#include <set>

#include "simulate/line_price.h"

namespace weir::simulate {
namespace {

TEST(Origin, HasExactlyTheLinesAskedFor) {
    for (const std::int64_t scale : {1, 2, 19, 20, 21, 137, 1000, 4321}) {
        const Origin origin(5, scale);
        std::int64_t lines = 0;
        for (std::int64_t id = 1; id <= origin.claim_count(); ++id) {
            const auto count = static_cast<std::int64_t>(origin.claim(id).lines.size());
            EXPECT_GT(count, 0);
            lines += count;
        }
        EXPECT_EQ(lines, scale);
    }
}

TEST(Origin, MoneyFoots) {
    const Origin origin(5, 2000);
    std::set<ClaimStatus> seen;
    for (std::int64_t id = 1; id <= origin.claim_count(); ++id) {
        const Claim claim = origin.claim(id);
        seen.insert(claim.status);
        Cents payments = 0;
        for (const Payment& payment : claim.payments) {
            payments += payment.amount;
        }
        const Price total = price_of(origin.seed(), claim);
        EXPECT_EQ(payments, claim.status == ClaimStatus::adjudicated ? 0 : total.paid) << id;
        for (const Line& line : claim.lines) {
            const Price price = price_of(origin.seed(), claim, line);
            EXPECT_EQ(price.allowed,
                      price.paid + price.deductible + price.copay + price.coinsurance);
            EXPECT_LE(price.allowed, price.billed);
            EXPECT_GE(price.paid, 0);
        }
    }
    EXPECT_EQ(seen.size(), 6U);
}

TEST(Origin, EveryClaimIsCovered) {
    const Origin origin(9, 2000);
    for (std::int64_t id = 1; id <= origin.claim_count(); ++id) {
        const Claim claim = origin.claim(id);
        bool covered = false;
        for (const Span& span : origin.member(claim.member_id).spans) {
            covered = covered || (span.from <= claim.service_from && claim.service_from < span.to &&
                                  span.plan_id == claim.plan_id);
        }
        EXPECT_TRUE(covered) << id;
    }
}

TEST(Origin, AFamilyHasOneSubscriberWhoBelongsToIt) {
    const Origin origin(9, 4000);
    for (std::int64_t id = 1; id <= origin.member_count(); ++id) {
        const std::int64_t subscriber = origin.member(id).subscriber_id;
        EXPECT_LE(subscriber, id);
        EXPECT_LT(id, subscriber + 4);
        EXPECT_EQ(origin.member(subscriber).subscriber_id, subscriber);
    }
}

}  // namespace
}  // namespace weir::simulate
