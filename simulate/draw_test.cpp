// Goal: a draw depends on its coordinates and on nothing else, on every machine and for all time.
#include "simulate/draw.h"

#include <gtest/gtest.h>

#include <array>

namespace weir::simulate {
namespace {

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
}

}  // namespace
}  // namespace weir::simulate
