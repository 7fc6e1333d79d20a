// Goal: a draw is a function of seed, stream, entity, version and place, and of nothing else.
#include "simulate/draw.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>

#include "simulate/codes.h"

namespace weir::simulate {
namespace {

TEST(Draws, AreTheSameInEveryReleaseAndOnEveryMachine) {
    Draws draws(1, Stream::claim, 42);
    EXPECT_EQ(draws.next(), 17526240328552276010U);
    EXPECT_EQ(draws.next(), 7433503478489424931U);
}

TEST(Draws, DependOnEveryPartOfTheirName) {
    std::set<std::uint64_t> first;
    first.insert(Draws(1, Stream::claim, 42).next());
    first.insert(Draws(2, Stream::claim, 42).next());
    first.insert(Draws(1, Stream::line, 42).next());
    first.insert(Draws(1, Stream::claim, 43).next());
    first.insert(Draws(1, Stream::claim, 42, 1).next());
    EXPECT_EQ(first.size(), 5U);
}

TEST(Draws, FallEvenlyOnSmallRanges) {
    std::array<std::int64_t, 10> hits{};
    for (std::int64_t entity = 0; entity < 100'000; ++entity) {
        ++hits[static_cast<std::size_t>(Draws(7, Stream::member, entity).below(10))];
    }
    for (const std::int64_t count : hits) {
        EXPECT_NEAR(static_cast<double>(count), 10'000.0, 500.0);
    }
}

TEST(Draws, StayInsideTheirBounds) {
    Draws draws(7, Stream::price, 1);
    for (int draw = 0; draw < 10'000; ++draw) {
        const std::int64_t value = draws.between(-3, 3);
        ASSERT_TRUE(value >= -3 && value <= 3);
    }
    EXPECT_FALSE(draws.chance(0));
    EXPECT_TRUE(draws.chance(1000));
}

TEST(Draws, FollowAQuantileTable) {
    std::int64_t below_median = 0;
    for (std::int64_t entity = 0; entity < 10'000; ++entity) {
        const std::int64_t cents = Draws(7, Stream::price, entity).quantile(billed_cents);
        ASSERT_GE(cents, billed_cents[0]);
        ASSERT_LE(cents, billed_cents[16]);
        below_median += cents < billed_cents[8] ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(below_median), 5'000.0, 250.0);
}

}  // namespace
}  // namespace weir::simulate
