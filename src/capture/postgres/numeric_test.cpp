// Goal: a binary numeric is the number that PostgreSQL prints.
// Method: bytes written by hand as numeric_send writes them, and random decimals split into
// base-10,000 digits here.
#include "capture/postgres/numeric.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>

#include "base/result_matchers.h"

namespace weir::capture::postgres {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> words) {
    std::vector<std::byte> bytes;
    for (const unsigned word : words) {
        bytes.push_back(static_cast<std::byte>(word >> 8U & 0xFFU));
        bytes.push_back(static_cast<std::byte>(word & 0xFFU));
    }
    return bytes;
}

std::string text_of(std::initializer_list<unsigned> words) {
    const auto bytes = bytes_of(words);
    return Numeric::parse(bytes).value().to_text();
}

TEST(Numeric, PrintsAsPostgresPrints) {
    // Digits, weight, sign, scale; then the digits.
    EXPECT_EQ(text_of({0, 0, 0, 0}), "0");
    EXPECT_EQ(text_of({0, 0, 0, 2}), "0.00");
    EXPECT_EQ(text_of({1, 0, 0x4000, 0, 7}), "-7");
    EXPECT_EQ(text_of({2, 0, 0, 2, 12, 3400}), "12.34");
    EXPECT_EQ(text_of({1, 0xFFFF, 0, 4, 1}), "0.0001");
    EXPECT_EQ(text_of({1, 0xFFFE, 0, 8, 1}), "0.00000001");
    EXPECT_EQ(text_of({1, 2, 0, 0, 5}), "500000000");
    EXPECT_EQ(text_of({3, 1, 0, 1, 1, 2, 5000}), "10002.5");
    EXPECT_EQ(text_of({0, 0, 0xC000, 0}), "NaN");
    EXPECT_EQ(text_of({0, 0, 0xD000, 0}), "Infinity");
    EXPECT_EQ(text_of({0, 0, 0xF000, 0}), "-Infinity");
}

TEST(Numeric, ScalesExactlyOrNotAtAll) {
    const auto scaled = [](std::initializer_list<unsigned> words, int scale) {
        const auto bytes = bytes_of(words);
        return Numeric::parse(bytes).value().scaled(scale);
    };
    EXPECT_EQ(scaled({2, 0, 0x4000, 2, 12, 3400}, 2), -1'234);
    EXPECT_EQ(scaled({2, 0, 0, 2, 12, 3400}, 1), std::nullopt);
    EXPECT_EQ(scaled({1, 4, 0, 0, 99}, 0), 990'000'000'000'000'000);
    EXPECT_EQ(scaled({1, 4, 0, 0, 100}, 0), std::nullopt);
    EXPECT_EQ(scaled({0, 0, 0, 2}, 30), 0);
    EXPECT_EQ(scaled({1, 0, 0, 0, 9}, 17), 900'000'000'000'000'000);
    EXPECT_EQ(scaled({1, 0, 0, 0, 9}, 18), std::nullopt);
    EXPECT_EQ(scaled({1, 0, 0, 0, 9}, 30), std::nullopt);
}

TEST(Numeric, RefusesWhatIsNone) {
    for (const auto& words : {bytes_of({1, 0, 0, 0}), bytes_of({0, 0, 1, 0}),
                              bytes_of({1, 0, 0, 0, 10'000}), bytes_of({0, 0, 0, 0, 0})}) {
        EXPECT_FALSE(Numeric::parse(words).has_value());
    }
}

}  // namespace
}  // namespace weir::capture::postgres
