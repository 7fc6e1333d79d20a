// Goal: real dbt builds the shipped project and small ones, and what happened is told without rows.
// Method: dbt from .deps on a warehouse file made here.
#include "models/dbt_runner.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "base/result_matchers.h"
#include "models/dbt_location.h"
#include "sql/duckdb/duckdb_database.h"
#include "store/scratch_folder.h"

namespace weir::models {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DbtRunnerTest : public ::testing::Test {
protected:
    void SetUp() override {
        const char* const path = std::getenv("PATH");
        auto dbt = find_dbt("dbt", fs::path(WEIR_SOURCE_DIR) / "build", path ? path : "");
        if (!dbt) {
            GTEST_SKIP() << "no dbt: " << dbt.error().to_string();
        }
        options_ = {.dbt = *dbt,
                    .project = folder_.path() / "project",
                    .folder = folder_.path() / "models",
                    .warehouse = folder_.path() / "w.duckdb"};
        const auto made = sql::DuckDbDatabase::open(options_.warehouse, {});
        ASSERT_THAT(made, IsOk());
        write("dbt_project.yml", "name: small\nprofile: weir\nmodel-paths: [models]\n");
    }
    void write(const std::string& name, const std::string& text) const {
        const fs::path file = options_.project / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    Result<DbtBuild> build(std::uint64_t cut) const {
        TRY_LET(auto runner, DbtRunner::open(options_));
        return runner.build({cut});
    }

    store::ScratchFolder folder_;
    DbtOptions options_;
};

TEST_F(DbtRunnerTest, BuildsModelsForTheCutAndTellsWhatWasDone) {
    write("models/m.sql", "select {{ env_var('WEIR_CUT', '0') }} as cut");
    write("models/m.yml",
          "models: [{name: m, columns: [{name: cut, data_tests: [not_null, unique]}]}]");
    const auto done = build(42);
    ASSERT_THAT(done, IsOk());
    EXPECT_THAT(done->check(), IsOk());
    const ledger::ModelsBuilt entry = done->entry();
    EXPECT_EQ(entry.cut.value, 42U);
    EXPECT_EQ(entry.project, "small");
    EXPECT_TRUE(entry.succeeded);
    EXPECT_EQ(entry.models, 1U);
    EXPECT_EQ(entry.tests_passed, 2U);
    const auto database = *sql::DuckDbDatabase::open(options_.warehouse, {});
    EXPECT_EQ((*database.connect())->query("SELECT cut FROM main.m")->rows[0][0], "42");
}

TEST_F(DbtRunnerTest, NamesTheModelThatFailedAndTheLogButNoRow) {
    write("models/m.sql",
          "{{ config(materialized='table') }} select cast(concat('900-11-', 2222) "
          "as integer) as ssn");
    const auto done = build(1);
    ASSERT_THAT(done, IsOk());
    EXPECT_FALSE(done->entry().succeeded);
    EXPECT_THAT(done->check(),
                IsError(ErrorKind::invalid, AllOf(HasSubstr("model.small.m"), HasSubstr("dbt.log"),
                                                  Not(HasSubstr("900")))));
}

TEST_F(DbtRunnerTest, AProjectThatCannotBeReadIsToldWithTheLog) {
    write("models/m.sql", "select * from {{ ref('nothing') }}");
    EXPECT_THAT(build(1), IsError(ErrorKind::invalid, HasSubstr("dbt.log")));
    fs::remove(options_.project / "dbt_project.yml");
    EXPECT_THAT(build(1), IsError(ErrorKind::not_found, HasSubstr("dbt_project.yml")));
}

TEST_F(DbtRunnerTest, AWarehouseThatIsHeldIsAConflict) {
    write("models/m.sql", "select 1 as a");
    const auto held = *sql::DuckDbDatabase::open(options_.warehouse, {});
    EXPECT_THAT(build(1), IsError(ErrorKind::conflict, HasSubstr("holds the warehouse")));
}

}  // namespace
}  // namespace weir::models
