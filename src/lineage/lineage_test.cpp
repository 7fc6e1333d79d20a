// Goal: what the stages report becomes valid, paired OpenLineage runs, at most one a minute a
// stage. Method: a clock that stands still and run ids that count; the golden events are also
// validated against OpenLineage's own schemas by tests/integration/lineage_test.py.
#include <arrow/type.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/result_matchers.h"
#include "lineage/lineage_reporter.h"
#include "store/scratch_folder.h"

namespace weir::lineage {
namespace {

using nlohmann::json;
using std::chrono::seconds;

const Timestamp start{seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z

class LineageTest : public ::testing::Test {
protected:
    LineageOptions options() {
        return {.file = folder_.path() / "lineage" / "events.ndjson",
                .job_namespace = "claims",
                .release = "0.1.0",
                .run_ids = [this](Timestamp time) {
                    std::array<std::byte, 10> counter{};
                    counter[9] = static_cast<std::byte>(++runs_);
                    return make_run_id(time, counter);
                }};
    }
    std::string text() const {
        std::ostringstream out;
        out << std::ifstream(folder_.path() / "lineage" / "events.ndjson").rdbuf();
        return out.str();
    }
    std::vector<json> events() const {
        std::vector<json> found;
        std::istringstream lines(text());
        for (std::string line; std::getline(lines, line);) {
            found.push_back(json::parse(line));
        }
        return found;
    }
    StageBatch load(std::uint64_t rows) const {
        const catalog::TableContract contract{.name = {"claims", "member"},
                                              .version = {1},
                                              .columns = {{.id = 1,
                                                           .name = "member_id",
                                                           .source_type = "bigint",
                                                           .landed_type = arrow::int64(),
                                                           .tags = {}},
                                                          {.id = 2,
                                                           .name = "ssn",
                                                           .source_type = "text",
                                                           .landed_type = arrow::utf8(),
                                                           .tags = {"phi.ssn"}}}};
        Dataset input = with_fields(folder_dataset("/data/processing/claims.member"), contract);
        Dataset output = with_fields(
            duckdb_dataset("/data/warehouse.duckdb", {"claims_history", "member"}), contract);
        input.statistics = {.rows = rows, .bytes = rows * 100};
        output.statistics = {.rows = rows};
        return {.stage = "load",
                .started = clock_.now(),
                .ended = clock_.now() + seconds(1),
                .inputs = {input},
                .outputs = {with_identity(output, input)}};
    }

    store::ScratchFolder folder_;
    ManualClock clock_{start};
    unsigned runs_ = 0;
};

TEST(RunId, IsAUuidOfVersionSeven) {
    std::array<std::byte, 10> ones{};
    ones.fill(std::byte{0xFF});
    EXPECT_EQ(make_run_id(Timestamp(seconds(1)), ones), "00000000-03e8-7fff-bfff-ffffffffffff");
    EXPECT_NE(make_run_id(start), make_run_id(start));
}

TEST_F(LineageTest, BatchesWithinAMinuteBecomeOneRunWhoseCountsAddUp) {
    LineageReporter reporter(options(), clock_);
    ASSERT_THAT(reporter.completed(load(1)), IsOk());
    ASSERT_EQ(events().size(), 2U) << "the first is reported at once";
    for (const std::uint64_t rows : {10U, 20U, 30U}) {
        clock_.advance(seconds(15));
        ASSERT_THAT(reporter.completed(load(rows)), IsOk());
    }
    ASSERT_THAT(reporter.tick(), IsOk());
    EXPECT_EQ(events().size(), 2U);
    clock_.advance(seconds(15));
    ASSERT_THAT(reporter.tick(), IsOk());
    const auto found = events();
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[2]["eventType"], "START");
    EXPECT_EQ(found[2]["eventTime"], "2026-01-01T00:00:15.000000Z");
    EXPECT_EQ(found[2]["run"]["runId"], found[3]["run"]["runId"]);
    EXPECT_NE(found[1]["run"]["runId"], found[3]["run"]["runId"]);
    EXPECT_EQ(found[3]["eventTime"], "2026-01-01T00:00:46.000000Z");
    EXPECT_EQ(found[3]["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"], 60);
    EXPECT_EQ(found[3]["outputs"].size(), 1U);
    ASSERT_THAT(reporter.completed(load(5)), IsOk());
    ASSERT_THAT(reporter.flush(), IsOk());
    EXPECT_EQ(events().size(), 6U);
}

TEST_F(LineageTest, AFailureIsToldAtOnceAfterWhatWasPending) {
    LineageReporter reporter(options(), clock_);
    ASSERT_THAT(reporter.completed(load(1)), IsOk());
    ASSERT_THAT(reporter.completed(load(2)), IsOk());
    ASSERT_THAT(reporter.failed(load(3), Error(ErrorKind::unavailable, "no space is left")),
                IsOk());
    std::vector<std::string> types;
    for (const json& event : events()) {
        types.push_back(event["eventType"]);
    }
    EXPECT_THAT(types,
                ::testing::ElementsAre("START", "COMPLETE", "START", "COMPLETE", "START", "FAIL"));
    EXPECT_EQ(events()[5]["run"]["facets"]["errorMessage"]["message"],
              "unavailable: no space is left");
}

TEST_F(LineageTest, TheParentComesFromTheEnvironment) {
    const std::string id = "0190b3e4-0000-7000-8000-000000000001";
    const auto from = [](std::map<std::string, std::string> values) {
        return parent_from_environment([values = std::move(values)](const char* name) {
            const auto found = values.find(name);
            return found == values.end() ? nullptr : found->second.c_str();
        });
    };
    EXPECT_EQ(from({})->has_value(), false);
    const auto parts = from({{"OPENLINEAGE_PARENT_RUN_ID", id},
                             {"OPENLINEAGE_PARENT_JOB_NAMESPACE", "air"},
                             {"OPENLINEAGE_PARENT_JOB_NAME", "dag.task"}});
    EXPECT_EQ((*parts)->job_name, "dag.task");
    const auto whole = from({{"OPENLINEAGE_PARENT_ID", "a/b/dag.task/" + id}});
    EXPECT_EQ((*whole)->job_namespace, "a/b");
    EXPECT_EQ((*whole)->run_id, id);
    EXPECT_THAT(from({{"OPENLINEAGE_PARENT_ID", "a/b/c"}}), IsError(ErrorKind::invalid));
}

TEST_F(LineageTest, TheGoldenEventsAreThese) {
    LineageOptions with_parent = options();
    with_parent.parent = {.run_id = "0190b3e4-0000-7000-8000-000000000001",
                          .job_namespace = "airflow",
                          .job_name = "claims.load"};
    LineageReporter reporter(with_parent, clock_);
    ASSERT_THAT(reporter.completed(load(7)), IsOk());
    StageBatch checks = load(7);
    checks.stage = "quality";
    checks.outputs.clear();
    checks.inputs[0].assertions = {
        {.assertion = "not_null", .success = true, .column = "member_id", .severity = "error"},
        {.assertion = "row_count", .success = false}};
    ASSERT_THAT(reporter.failed(checks, Error(ErrorKind::invalid, "suite s does not hold")),
                IsOk());
    StageBatch capture = load(7);
    capture.stage = "capture";
    capture.inputs = {postgres_dataset("localhost", 5432, "payer", {"claims", "member"})};
    capture.outputs = {folder_dataset("/data/landing/claims.member")};
    ASSERT_THAT(reporter.completed(capture), IsOk());
    const std::string golden = WEIR_GOLDEN_DIR "/lineage/events.ndjson";
    if (std::getenv("WEIR_REWRITE_GOLDEN") != nullptr) {
        std::ofstream(golden) << text();
    }
    std::ostringstream expected;
    expected << std::ifstream(golden).rdbuf();
    EXPECT_EQ(text(), expected.str());
}

}  // namespace
}  // namespace weir::lineage
