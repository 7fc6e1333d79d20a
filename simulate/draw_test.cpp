<<<<<<< HEAD
// Goal: a draw is a function of seed, stream, entity, version and place, and of nothing else.
=======
// Goal: a draw depends on its coordinates and on nothing else, on every machine and for all time.
>>>>>>> simulate2
#include "simulate/draw.h"

#include <gtest/gtest.h>

#include <array>
<<<<<<< HEAD
#include <cstdint>
#include <set>

#include "simulate/codes.h"
=======
>>>>>>> simulate2

namespace weir::simulate {
namespace {

<<<<<<< HEAD
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
=======
TEST(Draws, MixIsSplitMix64) {
    // The first outputs of the published generator for the seed 0.
    EXPECT_EQ(mix(0), 0xE220A8397B1DCDAFULL);
    EXPECT_EQ(mix(0x9E3779B97F4A7C15ULL), 0x6E789E6AA1B965F4ULL);
}

TEST(Draws, AreEqualForEqualCoordinates) {
    Draws left(7, Stream::claim, 12, 3);
    Draws other(7, Stream::claim, 13, 3);
    Draws right(7, Stream::claim, 12, 3);
    for (int draw = 0; draw < 100; ++draw) {
        other.next();
        EXPECT_EQ(left.next(), right.next());
    }
}

TEST(Draws, DifferInEachCoordinate) {
    const std::uint64_t first = Draws(7, Stream::claim, 12, 3).next();
    EXPECT_NE(first, Draws(8, Stream::claim, 12, 3).next());
    EXPECT_NE(first, Draws(7, Stream::line, 12, 3).next());
    EXPECT_NE(first, Draws(7, Stream::claim, -12, 3).next());
    EXPECT_NE(first, Draws(7, Stream::claim, 12, 4).next());
}

TEST(Draws, ReachEveryNumberBelowALimit) {
    std::array<int, 10> seen{};
    Draws draws(1, Stream::plan, 1);
    for (int draw = 0; draw < 10'000; ++draw) {
        ++seen.at(static_cast<std::size_t>(draws.below(10)));
    }
    for (const int count : seen) {
        EXPECT_GT(count, 800);
        EXPECT_LT(count, 1200);
    }
}

TEST(Draws, StayInsideTheQuantileTable) {
    constexpr std::array<std::int64_t, 3> table = {10, 20, 100};
    Draws draws(1, Stream::plan, 1);
    int above = 0;
    for (int draw = 0; draw < 1000; ++draw) {
        const std::int64_t value = draws.quantile(table);
        EXPECT_GE(value, 10);
        EXPECT_LE(value, 100);
        above += value >= 20 ? 1 : 0;
    }
    EXPECT_NEAR(above, 500, 100);
>>>>>>> simulate2
}

}  // namespace
}  // namespace weir::simulate
