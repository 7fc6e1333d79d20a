// Goal: verdicts and counts are those of Great Expectations, exact to the cent, and no row value is
// in any of them. Method: DuckDB tables of a few rows, worked out by hand.
#include "quality/evaluation.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "base/result_matchers.h"
#include "sql/duckdb/duckdb_database.h"
#include "store/scratch_folder.h"

namespace weir::quality {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EvaluationTest : public ::testing::Test {
protected:
    EvaluationTest()
        : database_(*sql::DuckDbDatabase::open(folder_.path() / "w.duckdb", {})),
          session_(*database_.connect()) {
        run("CREATE SCHEMA gold; CREATE TABLE gold.t (id INTEGER, kind VARCHAR, amount "
            "DECIMAL(18, 2), big DECIMAL(38, 2), day DATE, ok BOOLEAN); INSERT INTO gold.t VALUES "
            "(1, 'paid', 10.00, 123456789012345678901234567890123456.78, '2025-01-01', true), "
            "(2, 'paid', 10.01, 0, '2025-01-02', true), (2, 'secret', NULL, NULL, NULL, false), "
            "(NULL, NULL, NULL, NULL, NULL, NULL)");
    }
    void run(const std::string& statements) { ASSERT_THAT(session_->execute(statements), IsOk()); }

    /// Evaluates one expectation on gold.t.
    Result<SuiteResult> evaluate(const std::string& type, const json& kwargs) {
        const json suite{{"name", "s"}, {"expectations", {{{"type", type}, {"kwargs", kwargs}}}}};
        TRY_LET(const auto parsed, parse_suite(suite.dump(), catalog::TableName{"gold", "t"}));
        return evaluate_suite(*session_, parsed);
    }
    bool holds(const std::string& type, const json& kwargs) {
        const auto result = evaluate(type, kwargs);
        EXPECT_THAT(result, IsOk());
        EXPECT_FALSE(result->outcomes.at(0).exception.has_value())
            << result->outcomes.at(0).exception.value_or("");
        return result->succeeded();
    }
    std::string exception(const std::string& type, const json& kwargs) {
        const auto result = evaluate(type, kwargs);
        EXPECT_FALSE(result->succeeded());
        return result->outcomes.at(0).exception.value_or("");
    }

    store::ScratchFolder folder_;
    sql::DuckDbDatabase database_;
    std::unique_ptr<sql::SqlSession> session_;
};

TEST_F(EvaluationTest, CountsAsGreatExpectationsDoes) {
    const auto result = evaluate("expect_column_values_to_be_unique", {{"column", "id"}});
    ASSERT_THAT(result, IsOk());
    const json shown = result->to_json(ResultFormat::basic)["results"][0]["result"];
    EXPECT_EQ(shown["element_count"], 4);
    EXPECT_EQ(shown["missing_count"], 1);
    EXPECT_EQ(shown["unexpected_count"], 2);
    EXPECT_DOUBLE_EQ(shown["unexpected_percent"], 2.0 / 3 * 100);
    EXPECT_DOUBLE_EQ(shown["unexpected_percent_total"], 50);
    EXPECT_DOUBLE_EQ(shown["missing_percent"], 25);
    EXPECT_TRUE(result->to_json(ResultFormat::boolean_only)["results"][0]["result"].empty());
    const auto nulls = evaluate("expect_column_values_to_not_be_null", {{"column", "id"}});
    const json counts = nulls->to_json(ResultFormat::basic)["results"][0]["result"];
    EXPECT_EQ(counts,
              json({{"element_count", 4}, {"unexpected_count", 1}, {"unexpected_percent", 25.0}}));
}

TEST_F(EvaluationTest, MostlyIsAShareOfTheValuesThatAreThere) {
    for (const auto& [mostly, expected] : {std::pair(0.66, true), std::pair(0.67, false)}) {
        EXPECT_EQ(holds("expect_column_values_to_be_in_set",
                        {{"column", "kind"}, {"value_set", {"paid"}}, {"mostly", mostly}}),
                  expected);
    }
}

TEST_F(EvaluationTest, BoundsOnDecimalsAreExactToTheLastDigit) {
    const char* const between = "expect_column_values_to_be_between";
    EXPECT_TRUE(holds(between, {{"column", "amount"}, {"min_value", 10}, {"max_value", 10.01}}));
    EXPECT_FALSE(holds(between, {{"column", "amount"}, {"max_value", 10.00}}));
    EXPECT_FALSE(
        holds(between, {{"column", "amount"}, {"max_value", 10.01}, {"strict_max", true}}));
    EXPECT_FALSE(holds(between, {{"column", "amount"}, {"min_value", 10.0}, {"strict_min", true}}));
    EXPECT_TRUE(holds(
        between, {{"column", "big"}, {"max_value", "123456789012345678901234567890123456.78"}}));
    EXPECT_FALSE(holds(
        between, {{"column", "big"}, {"max_value", "123456789012345678901234567890123456.77"}}));
    EXPECT_THAT(exception(between, {{"column", "big"}, {"max_value", 0.12345678901234567}}),
                HasSubstr("write it as a text"));
    EXPECT_TRUE(holds(between, {{"column", "day"}, {"max_value", "2025-01-02"}}));
    EXPECT_FALSE(holds(between, {{"column", "day"}, {"max_value", "2025-01-01"}}));
}

TEST_F(EvaluationTest, SetsUniquenessRowCountsAndColumns) {
    EXPECT_FALSE(holds("expect_column_values_to_be_in_set",
                       {{"column", "id"}, {"value_set", json::array()}}));
    EXPECT_TRUE(holds("expect_column_values_to_not_be_in_set",
                      {{"column", "id"}, {"value_set", {3, nullptr}}}));
    EXPECT_FALSE(holds("expect_column_values_to_be_null", {{"column", "id"}}));
    EXPECT_TRUE(holds("expect_compound_columns_to_be_unique", {{"column_list", {"id", "kind"}}}));
    run("INSERT INTO gold.t (id) VALUES (NULL)");
    EXPECT_TRUE(holds("expect_compound_columns_to_be_unique", {{"column_list", {"id", "kind"}}}));
    EXPECT_FALSE(holds("expect_compound_columns_to_be_unique",
                       {{"column_list", {"id", "kind"}}, {"ignore_row_if", "never"}}));
    EXPECT_TRUE(holds("expect_table_row_count_to_equal", {{"value", 5}}));
    EXPECT_FALSE(holds("expect_table_row_count_to_equal", {{"value", 4}}));
    EXPECT_FALSE(
        holds("expect_table_row_count_to_be_between", {{"max_value", 5}, {"strict_max", true}}));
    EXPECT_TRUE(holds("expect_column_to_exist", {{"column", "kind"}, {"column_index", 1}}));
    EXPECT_FALSE(holds("expect_column_to_exist", {{"column", "kind"}, {"column_index", 2}}));
    run("DELETE FROM gold.t");
    EXPECT_TRUE(holds("expect_column_values_to_be_unique", {{"column", "id"}}));
}

TEST_F(EvaluationTest, WhatCannotBeEvaluatedFailsByItselfAndTellsNoValue) {
    const auto suite = parse_suite(R"({"name": "s", "meta": {"weir": {"table": "gold.t"}},
        "expectations": [
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "day", "value_set": ["777-7"]}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "none"}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "kind", "value_set": [1]}},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 4}},
        {"type": "expect_column_to_exist", "kwargs": {"column": "c"}, "meta": {"weir": {"table": "gold.none"}}}]})");
    ASSERT_THAT(suite, IsOk());
    const auto result = evaluate_suite(*session_, *suite);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->failed(), 4U);
    EXPECT_TRUE(result->outcomes[3].success);
    EXPECT_THAT(*result->outcomes[0].exception, Not(HasSubstr("777")));
    EXPECT_THAT(*result->outcomes[1].exception, HasSubstr("none"));
    const ledger::ChecksRun entry = result->entry({9});
    EXPECT_EQ(entry.failed, 4U);
    EXPECT_EQ(entry.expectations, 5U);
    EXPECT_FALSE(entry.succeeded);
    EXPECT_THAT(result->check(), IsError(ErrorKind::invalid, HasSubstr("4 of 5")));
    const std::string shown = result->to_json(ResultFormat::basic).dump();
    EXPECT_THAT(shown, AllOf(Not(HasSubstr("secret")), HasSubstr("raised_exception\":true")));
    EXPECT_EQ(result->to_json(ResultFormat::basic)["statistics"]["success_percent"], 20.0);
}

TEST_F(EvaluationTest, TheShippedSuiteIsReadWhole) {
    std::ostringstream text;
    text << std::ifstream(WEIR_SOURCE_DIR "/models/claims/quality/claims_suite.json").rdbuf();
    const auto suite = parse_suite(text.str());
    ASSERT_THAT(suite, IsOk());
    EXPECT_EQ(suite->name, "claims_suite");
    EXPECT_GE(suite->expectations.size(), 8U);
}

}  // namespace
}  // namespace weir::quality
