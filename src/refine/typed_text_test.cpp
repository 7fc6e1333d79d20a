#include "refine/typed_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace weir::refine {
namespace {

using enum QuarantineReason;

Typed<std::string> decimal(std::string_view text, std::int32_t precision, std::int32_t scale) {
    const auto value = read_decimal(text, precision, scale);
    return value ? Typed<std::string>(value->ToString(scale)) : std::unexpected(value.error());
}

TEST(TypedText, ReadsDecimalsExactly) {
    EXPECT_EQ(decimal("12.50", 12, 2), "12.50");
    EXPECT_EQ(decimal("-12.5", 12, 2), "-12.50");
    EXPECT_EQ(decimal("+007", 3, 1), "7.0");
    EXPECT_EQ(decimal("12.340000000000000000000000000000000000000000", 12, 2), "12.34");
    EXPECT_EQ(decimal("1.25e1", 12, 2), "12.50");
    EXPECT_EQ(decimal("1e-2", 12, 2), "0.01");
    EXPECT_EQ(decimal("-0.000", 2, 0), "0");
    EXPECT_EQ(decimal("0e999999999999", 2, 0), "0");
    EXPECT_EQ(decimal(" 5. ", 2, 0), "5");
    EXPECT_EQ(decimal("99999999999999999999999999999999999999", 38, 0),
              "99999999999999999999999999999999999999");
}

// One digit too many on either side is out of range, never rounded.
TEST(TypedText, RefusesDecimalsThatDoNotFit) {
    for (const auto* text : {"1000.00", "-1000", "1e3", "12.345", "0.001", "1e999999999999",
                             "1e-99999", "NaN", "Infinity", "-Infinity"}) {
        EXPECT_EQ(decimal(text, 5, 2), std::unexpected(number_out_of_range)) << text;
    }
    EXPECT_EQ(decimal("999.99", 5, 2), "999.99");
    for (const auto* text :
         {"", " ", "-", ".", "1,5", "1.5.0", "0x10", "1e", "1e+", "--1", "1 2", "twelve", "nan"}) {
        EXPECT_EQ(decimal(text, 5, 2), std::unexpected(malformed_number)) << text;
    }
}

TEST(TypedText, RescalesOnlyWithoutLoss) {
    EXPECT_EQ(rescale_decimal(arrow::Decimal128(1250), 2, 5, 1)->ToString(1), "12.5");
    EXPECT_EQ(rescale_decimal(arrow::Decimal128(1255), 2, 5, 1),
              std::unexpected(number_out_of_range));
    EXPECT_EQ(rescale_decimal(arrow::Decimal128(12345), 0, 5, 1),
              std::unexpected(number_out_of_range));
}

TEST(TypedText, ReadsDates) {
    EXPECT_EQ(read_date("1970-01-01"), 0);
    EXPECT_EQ(read_date("1969-12-31"), -1);
    EXPECT_EQ(read_date("2024-02-29"), 19782);
    EXPECT_EQ(read_date("0001-01-01"), -719162);
    EXPECT_EQ(read_date("0001-12-31 BC"), -719163);
    EXPECT_EQ(read_date("4713-01-01 BC"), -2440550);    // PostgreSQL's first year.
    EXPECT_EQ(read_date("5874897-12-31"), 2145042905);  // PostgreSQL's last date.
    EXPECT_EQ(read_date("5881580-07-10"), std::numeric_limits<std::int32_t>::max() - 1);
    EXPECT_EQ(read_date("infinity"), std::numeric_limits<std::int32_t>::max());
    EXPECT_EQ(read_date("-infinity"), -std::numeric_limits<std::int32_t>::max());
    EXPECT_EQ(read_date("5881580-07-11"), std::unexpected(date_out_of_range));
    EXPECT_EQ(read_date("9999999-12-31"), std::unexpected(date_out_of_range));
    for (const auto* text : {"", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10",
                             "2024-01-32", "24-01-01", "2024-1-1", "2024/01/01", "2024-01-01x",
                             "0000-01-01", "01/02/2024", "2024-01-01 00:00:00", "12345678-01-01"}) {
        EXPECT_EQ(read_date(text), std::unexpected(malformed_date)) << text;
    }
}

TEST(TypedText, ReadsTimestamps) {
    EXPECT_EQ(read_timestamp("1970-01-01 00:00:00"), 0);
    EXPECT_EQ(read_timestamp("1970-01-01T00:00"), 0);
    EXPECT_EQ(read_timestamp("1970-01-01 00:00:00.5"), 500'000);
    EXPECT_EQ(read_timestamp("1969-12-31 23:59:59.999999"), -1);
    EXPECT_EQ(read_timestamp("1970-01-02 01:02:03.000004000"), 86'400'000'000 + 3'723'000'004);
    EXPECT_EQ(read_timestamp("0001-12-31 00:00:00 BC"), -719163 * 86'400'000'000);
    EXPECT_EQ(read_timestamp("infinity"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(read_timestamp("-infinity"), -std::numeric_limits<std::int64_t>::max());
    // DuckDB's last microsecond, and the one after.
    EXPECT_EQ(read_timestamp("294247-01-10 04:00:54.775806"),
              std::numeric_limits<std::int64_t>::max() - 1);
    for (const auto* text : {"294247-01-10 04:00:54.775807", "294276-12-31 00:00:00",
                             "1970-01-01 00:00:00.0000001", "9999999-01-01 00:00:00"}) {
        EXPECT_EQ(read_timestamp(text), std::unexpected(date_out_of_range)) << text;
    }
    for (const auto* text : {"", "1970-01-01", "1970-01-01 24:00:00", "1970-01-01 00:60:00",
                             "1970-01-01 00:00:60", "1970-01-01 00:00:00+00", "1970-01-01 00",
                             "1970-01-01 00:00:00.", "1970-02-30 00:00:00", "now"}) {
        EXPECT_EQ(read_timestamp(text), std::unexpected(malformed_date)) << text;
    }
}

TEST(TypedText, KnowsJson) {
    for (const auto* text : {"{}", "null", " [1, 2.5, \"a\"] ", R"({"a": {"b": [true, false]}})",
                             "123456789012345678901234567890", "\"\\u00e9\"", "0.1e-7"}) {
        EXPECT_TRUE(is_json(text)) << text;
    }
    EXPECT_TRUE(is_json(std::string(2000, '[') + std::string(2000, ']')));
    for (const auto* text : {"", " ", "{", "{\"a\":}", "[1,]", "nul", "{'a': 1}", "1 2", "01",
                             "\"\xff\"", "[1e]", "1e400", "\"a\nb\""}) {
        EXPECT_FALSE(is_json(text)) << text;
    }
    EXPECT_FALSE(is_json(std::string(2000, '[')));
}

TEST(TypedText, KnowsTheRangesOfDuckDb) {
    EXPECT_TRUE(is_in_date_range(std::numeric_limits<std::int32_t>::max()));
    EXPECT_FALSE(is_in_date_range(std::numeric_limits<std::int32_t>::min()));
    EXPECT_TRUE(is_in_timestamp_range(std::numeric_limits<std::int64_t>::max()));
    EXPECT_TRUE(is_in_timestamp_range(-std::numeric_limits<std::int64_t>::max()));
    EXPECT_TRUE(is_in_timestamp_range(-9'223'372'022'400'000'000));
    EXPECT_FALSE(is_in_timestamp_range(-9'223'372'022'400'000'001));
    EXPECT_FALSE(is_in_timestamp_range(std::numeric_limits<std::int64_t>::min()));
}

}  // namespace
}  // namespace weir::refine
