// Goal: a value has one text, and that text survives COPY, SQL and the fingerprint.
#include "simulate/row.h"

#include <gtest/gtest.h>

namespace weir::simulate {
namespace {

std::string canonical(const Row& row) {
    std::string text;
    row.append_canonical(text);
    return text;
}

TEST(Row, WritesValuesAsTheFormatPageSays) {
    Row row;
    row.number(-7).money(-5).money(123456).boolean(true).date(day_of(2024, 2, 29)).null();
    row.moment(Micros{day_of(2024, 2, 29)} * micros_per_day + 3'723'000'001);
    EXPECT_EQ(canonical(row), "-7|-0.05|1234.56|t|2024-02-29|\\N|2024-02-29 01:02:03.000001");
}

TEST(Row, EscapesWhatEndsAValue) {
    Row row;
    row.text("a|b\\c'd").text("");
    EXPECT_EQ(canonical(row), "a\\|b\\\\c'd|");
    std::string copy;
    row.append_copy(copy);
    EXPECT_EQ(copy, "a|b\\\\c'd\t\n");
    std::string literals;
    row.append_literals(literals);
    EXPECT_EQ(literals, "('a|b\\c''d', '')");
}

TEST(Row, KeepsNullAndBlankApart) {
    Row blank;
    Row null;
    blank.text("");
    null.null();
    EXPECT_FALSE(blank.same_value(null, 0));
    EXPECT_NE(canonical(blank), canonical(null));
}

TEST(Row, ForgetsNullsWhenCleared) {
    Row row;
    row.null();
    row.clear().text("x");
    EXPECT_FALSE(row.is_null(0));
    EXPECT_EQ(row[0], "x");
}

}  // namespace
}  // namespace weir::simulate
