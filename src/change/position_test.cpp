// Goal: an LSN reads, prints, orders and measures as PostgreSQL's pg_lsn does.
#include "change/position.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/result_matchers.h"

namespace weir::change {
namespace {

TEST(Position, ReadsBothHalvesInEitherCase) {
    EXPECT_THAT(Position::parse("16/B374D848"), HasValue(Position(0x16'B374'D848)));
    EXPECT_THAT(Position::parse("16/b374d848"), HasValue(Position(0x16'B374'D848)));
    EXPECT_THAT(Position::parse("00000000/00000001"), HasValue(Position(1)));
    EXPECT_THAT(Position::parse("FFFFFFFF/FFFFFFFF"),
                HasValue(Position(std::numeric_limits<std::uint64_t>::max())));
}

TEST(Position, RefusesWhatPostgresRefuses) {
    for (const std::string_view text :
         {"", "/", "16", "16/", "/B374D848", "16/B374D848 ", " 16/0", "+1/0", "-1/0", "0x1/0",
          "1/2/3", "1/G", "1/000000000", "100000000/0"}) {
        EXPECT_THAT(Position::parse(text), IsError(ErrorKind::invalid)) << text;
    }
}

TEST(Position, SaysWhatIsWrong) {
    EXPECT_THAT(
        Position::parse("16-0"),
        IsError(ErrorKind::invalid, "invalid: cannot read LSN: there is no slash, text=16-0"));
}

TEST(Position, PrintsUpperCaseWithoutLeadingZeros) {
    EXPECT_EQ(Position().to_string(), "0/0");
    EXPECT_EQ(Position(0x16'0000'0A48).to_string(), "16/A48");
}

TEST(Position, ReadsWhatItPrints) {
    std::mt19937_64 random(42);
    for (int run = 0; run < 10'000; ++run) {
        const Position position(random() >> (random() % 64));
        EXPECT_THAT(Position::parse(position.to_string()), HasValue(position));
    }
}

TEST(Position, OrdersAndMeasuresTheLog) {
    const Position from(0x15'FFFF'FFFF);
    const Position to(0x16'0000'0001);
    EXPECT_LT(from, to);
    EXPECT_EQ(bytes_between(from, to), 2U);
    EXPECT_EQ(bytes_between(to, to), 0U);
}

TEST(PositionDeathTest, RefusesToMeasureBackwards) {
    EXPECT_DEATH(bytes_between(Position(2), Position(1)), "from <= to");
}

}  // namespace
}  // namespace weir::change
