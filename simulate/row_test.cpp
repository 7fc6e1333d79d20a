// Goal: one row, three spellings (COPY, SQL literals, canonical text), each with its own escapes.
#include "simulate/row.h"

#include <gtest/gtest.h>

#include "simulate/fingerprint.h"

namespace weir::simulate {
namespace {

Row awkward() {
    Row row;
    row.number(-5).text("a|b\\c\td'e\n").null().text("").money(-105).boolean(true);
    row.date(0).moment(86'399'000'001);
    return row;
}

TEST(Row, IsWrittenForCopy) {
    std::string out;
    awkward().append_copy(out);
    EXPECT_EQ(out,
              "-5\ta|b\\\\c\\td'e\\n\t\\N\t\t-1.05\tt\t1970-01-01\t1970-01-01 23:59:59.000001\n");
}

TEST(Row, IsWrittenAsLiterals) {
    Row row;
    row.text("O'Mock\\").null().text("");
    std::string out;
    row.append_literals(out);
    EXPECT_EQ(out, "('O''Mock\\', NULL, '')");
}

TEST(Row, IsWrittenAsCanonicalText) {
    Row row;
    row.number(7).text("a|b\\c").null().text("").money(5).boolean(false).date(11'016);
    std::string out;
    row.append_canonical(out);
    EXPECT_EQ(out, "7|a\\|b\\\\c|\\N||0.05|f|2000-02-29");
}

TEST(Row, TellsNullFromBlank) {
    Row null;
    null.null();
    Row blank;
    blank.text("");
    EXPECT_FALSE(null.same_value(blank, 0));
    EXPECT_TRUE(blank.same_value(blank, 0));
}

TEST(Row, KeepsNothingAfterClear) {
    Row row = awkward();
    row.clear().text("x");
    EXPECT_EQ(row.size(), 1U);
    EXPECT_EQ(row[0], "x");
    EXPECT_FALSE(row.is_null(0));
}

TEST(Fingerprint, HasTheDigitsOfMd5) {
    // md5('a|1') = 0d72252d6dbedc0f4a006ab90e559402.
    Row row;
    row.text("a").number(1);
    Fingerprint fingerprint;
    fingerprint.add(row);
    EXPECT_EQ(fingerprint.count(), 1);
    EXPECT_EQ(fingerprint.low(), "60554859180191168");
    EXPECT_EQ(fingerprint.high(), "1101693517216765332");
}

TEST(Fingerprint, ForgetsOrderAndWhatWasTakenOut) {
    Row a;
    a.text("a");
    Row b;
    b.text("b");
    Fingerprint left;
    left.add(a);
    left.add(b);
    Fingerprint right;
    right.add(b);
    right.add(a);
    EXPECT_EQ(left, right);
    left.remove(a);
    EXPECT_NE(left, right);
    right.remove(a);
    EXPECT_EQ(left, right);
}

}  // namespace
}  // namespace weir::simulate
