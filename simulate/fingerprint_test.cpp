// Goal: a fingerprint is of a set of rows, in no order, and is what plain SQL computes.
#include "simulate/fingerprint.h"

#include <gtest/gtest.h>

namespace weir::simulate {
namespace {

Row row_of(std::int64_t number, std::string_view text) {
    Row row;
    row.number(number).text(text);
    return row;
}

TEST(Fingerprint, SumsTheDigitsOfMd5) {
    Row row;
    row.text("");
    Fingerprint fingerprint;
    fingerprint.add(row);  // MD5 of nothing: d41d8cd98f00b204e9800998ecf8427e
    EXPECT_EQ(fingerprint.low(), std::to_string(0xd41d8cd98f00b20ULL));
    EXPECT_EQ(fingerprint.high(), std::to_string(0x4e9800998ecf842ULL));
    EXPECT_EQ(fingerprint.count(), 1);
}

TEST(Fingerprint, ForgetsOrderAndRemovedRows) {
    Fingerprint one;
    Fingerprint other;
    one.add(row_of(1, "a"));
    one.add(row_of(2, "b"));
    other.add(row_of(2, "b"));
    other.add(row_of(3, "c"));
    other.add(row_of(1, "a"));
    EXPECT_NE(one, other);
    other.remove(row_of(3, "c"));
    EXPECT_EQ(one, other);
}

TEST(Fingerprint, DoesNotOverflow) {
    Fingerprint fingerprint;
    for (std::int64_t number = 0; number < 1000; ++number) {
        fingerprint.add(row_of(number, "x"));
    }
    EXPECT_GT(fingerprint.low().size(), 20U);  // More than 64 bits hold.
}

}  // namespace
}  // namespace weir::simulate
