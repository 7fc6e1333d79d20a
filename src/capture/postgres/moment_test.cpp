// Goal: days and microseconds count from 1970, infinities and ends are kept or flagged, and a text
// reads as what it was printed from.
#include "capture/postgres/moment.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace weir::capture::postgres {
namespace {

constexpr auto int64_max = std::numeric_limits<std::int64_t>::max();
constexpr auto int64_min = std::numeric_limits<std::int64_t>::min();
constexpr auto int32_max = std::numeric_limits<std::int32_t>::max();
constexpr auto int32_min = std::numeric_limits<std::int32_t>::min();

TEST(Moment, ShiftsTheEpochAndKeepsInfinities) {
    EXPECT_EQ(date_from_postgres(0), 10'957);
    EXPECT_EQ(date_from_postgres(int32_max), int32_max);
    EXPECT_EQ(date_from_postgres(int32_min), -int32_max);
    EXPECT_EQ(date_from_postgres(int32_max - 1), std::nullopt);
    EXPECT_EQ(timestamp_from_postgres(0), 946'684'800'000'000);
    EXPECT_EQ(timestamp_from_postgres(int64_max), int64_max);
    EXPECT_EQ(timestamp_from_postgres(int64_min), -int64_max);
    EXPECT_EQ(timestamp_from_postgres(int64_max - 946'684'800'000'000), std::nullopt);
    EXPECT_EQ(timestamp_from_postgres(int64_max - 946'684'800'000'001), int64_max - 1);
}

TEST(Moment, ReadsTexts) {
    EXPECT_EQ(parse_date("2000-02-29"), 59);
    EXPECT_EQ(parse_date("0001-01-01 BC"), -730'485);
    EXPECT_EQ(parse_date("infinity"), int32_max);
    EXPECT_EQ(parse_time("24:00:00"), 86'400'000'000);
    EXPECT_EQ(parse_time("00:00:01.5"), 1'500'000);
    EXPECT_EQ(parse_timestamp("1999-12-31 23:59:59.999999"), -1);
    EXPECT_EQ(parse_timestamp("2000-01-01 00:00:00+00"), 0);
    EXPECT_EQ(parse_timestamp("-infinity"), int64_min);
}

TEST(Moment, RefusesWhatIsNoMoment) {
    for (const std::string_view text :
         {"", "2000", "2000-13-01", "2000-01-01x", "20-01-01", "9999999-12-31"}) {
        EXPECT_EQ(parse_date(text), std::nullopt) << text;
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_timestamp("9999999-12-31 00:00:00"), std::nullopt);
    EXPECT_EQ(parse_time("1:00:00"), std::nullopt);
    EXPECT_EQ(parse_time("00:00:00."), std::nullopt);
}

TEST(Moment, ReadsWhatItPrints) {
    std::mt19937_64 random(42);
    for (int run = 0; run < 10'000; ++run) {
        // 4713 BC to 294276 AD, as PostgreSQL has it.
        const std::int64_t micros =
            static_cast<std::int64_t>(random() % 9'223'000'000'000'000'000) -
            211'800'000'000'000'000;
        EXPECT_EQ(parse_timestamp(format_timestamp(micros)), micros);
    }
}

}  // namespace
}  // namespace weir::capture::postgres
