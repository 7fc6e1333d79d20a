// Goal: what dbt reports is counted as dbt means it, and its messages (row values!) go nowhere.
#include "models/run_results.h"

#include <gmock/gmock.h>

#include "base/result_matchers.h"

namespace weir::models {
namespace {

constexpr auto report = R"({
  "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"},
  "results": [
    {"status": "success", "unique_id": "model.claims.dim_plan", "execution_time": 0.25,
     "failures": null, "message": "OK"},
    {"status": "error", "unique_id": "model.claims.fact_claim_line", "execution_time": 0.1,
     "message": "Conversion Error: could not convert '900-11-2222'"},
    {"status": "pass", "unique_id": "test.claims.unique_plan.1", "execution_time": 0.1, "failures": 0},
    {"status": "warn", "unique_id": "test.claims.warns.1", "execution_time": 0.1, "failures": 2},
    {"status": "fail", "unique_id": "test.claims.fails.1", "execution_time": 0.1, "failures": 3},
    {"status": "error", "unique_id": "test.claims.breaks.1", "execution_time": 0.1},
    {"status": "skipped", "unique_id": "model.claims.mart", "execution_time": 0}
  ],
  "elapsed_time": 1.5})";

TEST(RunResults, CountsModelsTestsErrorsAndSkips) {
    const auto results = parse_run_results(report);
    ASSERT_THAT(results, IsOk());
    EXPECT_EQ(results->models_built(), 1U);
    EXPECT_EQ(results->tests_passed(), 2U);
    EXPECT_EQ(results->tests_failed(), 2U);
    EXPECT_EQ(results->errors(), 1U);
    EXPECT_EQ(results->skipped(), 1U);
    EXPECT_DOUBLE_EQ(results->seconds, 1.5);
    EXPECT_EQ(results->nodes[4].failures, 3U);
    EXPECT_EQ(results->nodes[0].failures, std::nullopt);
}

TEST(RunResults, RefusesWhatDbtDoesNotWriteWithoutQuotingIt) {
    for (const char* const text : {"", "[]", "{\"results\": [{\"status\": \"pass\"}]}",
                                   "{\"results\": \"900-11-2222\"}", "{\"elapsed_time\": 1}"}) {
        const auto results = parse_run_results(text);
        EXPECT_THAT(results,
                    IsError(ErrorKind::corrupt, ::testing::Not(::testing::HasSubstr("900"))));
    }
}

}  // namespace
}  // namespace weir::models
