// Goal: both generations' suites are read, and nothing that is not understood is passed over.
#include "quality/suite.h"

#include <gmock/gmock.h>

#include "base/result_matchers.h"

namespace weir::quality {
namespace {

using ::testing::HasSubstr;

TEST(Suite, ReadsTheKeysOfBothGenerations) {
    const auto newer = parse_suite(R"({"name": "s", "meta": {"weir": {"table": "gold.a"}},
        "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "c"}, "id": "7",
        "severity": "warning"}]})");
    ASSERT_THAT(newer, IsOk());
    EXPECT_EQ(newer->generation, Generation::v1);
    EXPECT_EQ(newer->expectations[0].table, (catalog::TableName{"gold", "a"}));
    EXPECT_EQ(newer->expectations[0].id, "7");
    const auto older = parse_suite(R"({"expectation_suite_name": "s", "expectations": [
        {"expectation_type": "expect_table_row_count_to_equal", "kwargs": {"value": 1},
        "meta": {"weir": {"table": "gold.b"}}}]})");
    ASSERT_THAT(older, IsOk());
    EXPECT_EQ(older->generation, Generation::v0_18);
    EXPECT_EQ(older->expectations[0].type, "expect_table_row_count_to_equal");
}

TEST(Suite, NamesWhatItDoesNotKnow) {
    const catalog::TableName table{"gold", "a"};
    EXPECT_THAT(
        parse_suite(R"({"name": "s", "expectations": [{"type": "expect_wonders"}]})", table),
        IsError(ErrorKind::unsupported, HasSubstr("expect_wonders")));
    EXPECT_THAT(parse_suite(R"({"name": "s", "expectations": [{"type":
        "expect_column_values_to_be_unique", "kwargs": {"column": "c", "row_condition": "x"}}]})",
                            table),
                IsError(ErrorKind::unsupported, HasSubstr("row_condition")));
    EXPECT_THAT(parse_suite(R"({"name": "s", "expectations": [{"type":
        "expect_table_row_count_to_equal", "kwargs": {"value": {"$PARAMETER": "n"}}}]})",
                            table),
                IsError(ErrorKind::unsupported, HasSubstr("value")));
}

TEST(Suite, RefusesWhatIsNoSuite) {
    const catalog::TableName table{"gold", "a"};
    for (const char* const text :
         {"", "[]", "{}", R"({"name": "s"})", R"({"name": 1, "expectations": []})",
          R"({"name": "s", "expectations": [1]})"}) {
        EXPECT_THAT(parse_suite(text, table), IsError(ErrorKind::invalid)) << text;
    }
    EXPECT_THAT(
        parse_suite(R"({"name": "s", "expectations": [{"type": "expect_column_to_exist"}]})"),
        IsError(ErrorKind::invalid, HasSubstr("names no table")));
    EXPECT_THAT(
        parse_suite(R"({"name": "s", "expectations": [{"type": "expect_column_values_to_be_unique",
        "kwargs": {"mostly": 1.5}}]})",
                    table),
        IsError(ErrorKind::invalid, HasSubstr("mostly")));
}

}  // namespace
}  // namespace weir::quality
