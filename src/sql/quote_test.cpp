// Goal: no name and no text can end its own quotes.
#include <gtest/gtest.h>

#include "sql/sql_session.h"

namespace weir::sql {
namespace {

TEST(Quote, DoublesTheMarkInsideANameAndKeepsTheRest) {
    EXPECT_EQ(quote_identifier("claim"), R"("claim")");
    EXPECT_EQ(quote_identifier(R"(a"b'c)"), R"("a""b'c")");
    EXPECT_EQ(quote_identifier(""), R"("")");
}

TEST(Quote, DoublesTheMarkInsideATextAndKeepsBackslashes) {
    EXPECT_EQ(quote_literal("O'Neil"), "'O''Neil'");
    EXPECT_EQ(quote_literal(R"(a\'b")"), R"('a\''b"')");
}

}  // namespace
}  // namespace weir::sql
