// Goal: a contract survives its text, and a table name is safe in a file name.
#include "catalog/table_contract.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/result_matchers.h"

namespace weir::catalog {
namespace {

TableContract claim_contract() {
    return {.name = {.schema = "claims", .table = "claim"},
            .version = {3},
            .identity = RowIdentity::key,
            .columns = {{.id = 1,
                         .name = "claim_id",
                         .source_type = "bigint",
                         .landed_type = arrow::int64(),
                         .nullable = false,
                         .in_key = true,
                         .tags = {"phi.unique"}},
                        {.id = 7,
                         .name = "billed",
                         .source_type = "numeric(12,2)",
                         .landed_type = arrow::decimal128(12, 2),
                         .tags = {}}}};
}

TEST(TableContract, SurvivesItsText) {
    const std::string text = to_json(claim_contract());
    const auto contract = contract_from_json(text);
    ASSERT_THAT(contract, IsOk());
    EXPECT_EQ(to_json(*contract), text);
    EXPECT_TRUE(contract->has_key());
    EXPECT_EQ(contract->find_column("billed")->id, 7U);
    EXPECT_EQ(contract->find_column("paid"), nullptr);
}

TEST(TableContract, RefusesWhatItDidNotWrite) {
    for (const std::string_view text : {"", "{}", "[]", R"({"table":"a.b"})"}) {
        EXPECT_THAT(contract_from_json(text), IsError(ErrorKind::corrupt)) << text;
    }
}

TEST(TableContract, KnowsTheNamesThatAreOurs) {
    EXPECT_TRUE(is_own_name("_op"));
    EXPECT_TRUE(is_own_name("_Commit_Time"));
    EXPECT_FALSE(is_own_name("op"));
    EXPECT_FALSE(is_own_name("_ops"));
    EXPECT_FALSE(is_own_name(""));
}

TEST(Column, HasTheKeysOfItsFirstDecidedTag) {
    Column column;
    EXPECT_EQ(key_class(column), "");
    column.tags = {std::string(unclassified_tag)};
    EXPECT_EQ(key_class(column), "");
    column.tags = {std::string(unclassified_tag), "phi.ssn", "phi.name"};
    EXPECT_EQ(key_class(column), "phi.ssn");
}

TEST(TableName, EncodesWhatAFileNameCannotHold) {
    const TableName name{.schema = "Claims 2", .table = "a/b.c%"};
    EXPECT_EQ(name.to_string(), "Claims%202.a%2Fb%2Ec%25");
    EXPECT_THAT(TableName::parse(name.to_string()), HasValue(name));
}

TEST(TableName, RefusesASecondSpellingOfAName) {
    for (const std::string_view text : {"claim", "a.b.c", ".b", "a.", "a.%61", "a.%2f", "a.%2"}) {
        EXPECT_THAT(TableName::parse(text), IsError(ErrorKind::invalid)) << text;
    }
}

TEST(LandedType, HasOneNameEach) {
    for (const std::string_view name :
         {"bool", "int16", "int32", "int64", "float32", "float64", "text", "bytes", "date", "time",
          "timestamp", "timestamptz", "decimal(12,2)", "decimal(38,0)"}) {
        const auto type = landed_type_from_name(name);
        ASSERT_THAT(type, IsOk()) << name;
        EXPECT_EQ(landed_type_name(**type), name);
    }
    for (const std::string_view name :
         {"", "number", "decimal(39,0)", "decimal(2,3)", "decimal(02,1)"}) {
        EXPECT_THAT(landed_type_from_name(name), IsError(ErrorKind::corrupt)) << name;
    }
}

}  // namespace
}  // namespace weir::catalog
