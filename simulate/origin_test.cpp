<<<<<<< HEAD
// Goal: the payer before the first transaction is a function of setting and number, has the size
// that was asked for, and its money foots.
=======
// Goal: the initial data are a function of seed and scale, and money foots in every claim.
>>>>>>> simulate2
#include "simulate/origin.h"

#include <gtest/gtest.h>

<<<<<<< HEAD
#include <map>

#include "simulate/line_price.h"
#include "simulate/origin_rows.h"
#include "simulate/truth.h"
=======
#include <set>

#include "simulate/line_price.h"
>>>>>>> simulate2

namespace weir::simulate {
namespace {

<<<<<<< HEAD
TEST(Origin, HasExactlyAsManyLinesAsAsked) {
    for (const std::int64_t scale : {100, 126, 127, 128, 1000, 54'321}) {
        const Origin origin({.scale = scale});
        EXPECT_EQ(truth_of(origin, 1).of(Table::claim_line).count(), scale);
    }
}

TEST(Origin, IsTheSameOnAnyNumberOfThreads) {
    const Origin origin({.seed = 3, .scale = 50'000});
    EXPECT_EQ(truth_of(origin, 1), truth_of(origin, 4));
}

TEST(Origin, DependsOnSeed) {
    EXPECT_NE(truth_of(Origin({.seed = 1, .scale = 1000}), 1),
              truth_of(Origin({.seed = 2, .scale = 1000}), 1));
}

TEST(Origin, FootsLinesHeadersAndPayments) {
    const Origin origin({.scale = 20'000});
    for (std::int64_t number = 1; number <= origin.claims(); ++number) {
        const Claim claim = origin.claim(number);
        Price lines;
        for (const Line& line : claim.lines) {
            const Price price = price_of(1, claim, line);
            ASSERT_EQ(price.allowed,
                      price.paid + price.deductible + price.copay + price.coinsurance);
            ASSERT_LE(price.allowed, price.billed);
            lines += price;
        }
        const Price header = price_of(1, claim);
        ASSERT_EQ(header.allowed, lines.allowed);
        Cents paid = 0;
        for (const Payment& payment : claim.payments) {
            paid += payment.amount;
        }
        ASSERT_EQ(paid, claim.status == ClaimStatus::adjudicated ? 0 : header.paid);
    }
}

TEST(Origin, HasClaimsInEveryStatusAndMostlyPaid) {
    const Origin origin({.scale = 50'000});
    std::map<ClaimStatus, std::int64_t> claims;
    for (std::int64_t number = 1; number <= origin.claims(); ++number) {
        ++claims[origin.claim(number).status];
    }
    EXPECT_EQ(claims.size(), 6U);
    EXPECT_GT(claims[ClaimStatus::paid], origin.claims() * 7 / 10);
    EXPECT_NEAR(static_cast<double>(claims[ClaimStatus::denied]),
                static_cast<double>(origin.claims()) * 0.075,
                static_cast<double>(origin.claims()) * 0.015);
}

TEST(Origin, OrdersDatesAndEvents) {
    const Origin origin({.scale = 20'000});
    for (std::int64_t number = 1; number <= origin.claims(); ++number) {
        const Claim claim = origin.claim(number);
        ASSERT_LE(claim.service_from, claim.service_to);
        ASSERT_LE(claim.service_to, claim.received);
        ASSERT_LT(claim.updated_at, origin.time_of(1));
        for (std::size_t at = 1; at < claim.events.size(); ++at) {
            ASSERT_LE(claim.events[at - 1].occurred_at, claim.events[at].occurred_at);
        }
    }
}

TEST(Origin, KeepsTimeWithGapsAndTies) {
    const Origin origin({});
    bool tie = false;
    for (std::int64_t transaction = 1; transaction < 1000; ++transaction) {
        ASSERT_LE(origin.time_of(transaction), origin.time_of(transaction + 1));
        tie = tie || origin.time_of(transaction) == origin.time_of(transaction + 1);
    }
    EXPECT_TRUE(tie);
}

TEST(Origin, HasNotesThatPostgresStoresOutOfLine) {
    const Origin origin({.scale = 20'000});
    std::int64_t longest = 0;
    for_each_row(origin, {Table::claim, 1, origin.claims()}, [&](const Row& row) {
        longest = std::max<std::int64_t>(longest, static_cast<std::int64_t>(row[14].size()));
    });
    EXPECT_GT(longest, 8000);
}

TEST(Origin, UsesOnlySocialSecurityNumbersThatNobodyHas) {
    const Origin origin({.scale = 20'000});
    std::int64_t known = 0;
    for_each_row(origin, {Table::member, 1, origin.members()}, [&](const Row& row) {
        known += row.is_null(6) ? 0 : 1;
        ASSERT_TRUE(row.is_null(6) || row[6].starts_with('9'));
    });
    EXPECT_GT(known, 900);
=======
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
>>>>>>> simulate2
}

}  // namespace
}  // namespace weir::simulate
