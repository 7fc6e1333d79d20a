// Goal: a load is all or nothing, happens once, and what it made can be queried.
// Method: a DuckDB file in a folder of the test; processing files in memory or, for views, real.
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>

#include "base/result_matchers.h"
#include "sql/duckdb/duckdb_database.h"
#include "warehouse/testing/memory_files.h"
#include "warehouse/warehouse.h"

namespace weir::warehouse {
namespace {

using ::testing::HasSubstr;
using testing::MemoryFiles;
using testing::Row;
using testing::SourceChange;

const ManualClock standing_clock{Timestamp(std::chrono::microseconds(1'700'000'000'000'000))};

std::shared_ptr<const catalog::TableContract> claim_contract() {
    catalog::TableContract contract{
        .name = {.schema = "claims", .table = "claim"}, .version = {1}, .columns = {}};
    for (const auto& [name, type] : {std::pair("id", "int64"), {"op", "text"}}) {
        contract.columns.push_back({.id = static_cast<std::uint32_t>(contract.columns.size() + 1),
                                    .name = name,
                                    .source_type = "",
                                    .landed_type = *catalog::landed_type_from_name(type),
                                    .nullable = true,
                                    .in_key = std::string_view(name) == "id",
                                    .tags = {}});
    }
    return std::make_shared<const catalog::TableContract>(std::move(contract));
}

class LoadTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_);
        open();
        ASSERT_THAT(warehouse_->prepare({contract_}), IsOk());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void open() {
        database_.emplace(*sql::DuckDbDatabase::open(folder_ / "w.duckdb", {.threads = 1}));
        session_ = *database_->connect();
        warehouse_.emplace(*Warehouse::open(*session_, standing_clock, {store_folder_}));
    }
    /// As after kill -9: nothing of the process is left.
    void reopen() {
        warehouse_.reset();
        session_.reset();
        database_.reset();
        open();
    }

    SourceChange change(char op, std::int64_t cut, const std::string& id,
                        std::int64_t ordinal = 0) const {
        return {.op = op,
                .cut = cut,
                .position = 100 * cut,
                .ordinal = ordinal,
                .time_us = 1'700'000'000'000'000,
                .contract = contract_,
                .before = op == 'd' ? std::optional(Row{{1, id}}) : std::nullopt,
                .old_row = {},
                .after = op == 'd' ? Row{} : Row{{1, id}, {2, "x"}},
                .unchanged = {}};
    }

    Load load_of(std::uint64_t from, std::uint64_t to, std::vector<SourceChange> changes,
                 bool snapshot = false) {
        Load load{.from = {from}, .to = {to}, .cuts = {}, .contracts = {contract_}};
        load.cuts.push_back({.cut = {to}, .snapshot = snapshot, .files = {files_.add(changes)}});
        return load;
    }

    std::string scalar(std::string_view statement) {
        const auto rows = warehouse_->query(statement);
        EXPECT_THAT(rows, IsOk());
        return rows && rows->rows.size() == 1 ? rows->rows[0][0].value_or("<null>") : "<no row>";
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("weir-load-" + std::to_string(::getpid()));
    std::string store_folder_;
    std::shared_ptr<const catalog::TableContract> contract_ = claim_contract();
    MemoryFiles files_;
    std::optional<sql::DuckDbDatabase> database_;
    std::unique_ptr<sql::DuckDbSession> session_;
    std::optional<Warehouse> warehouse_;
};

TEST_F(LoadTest, CommitsRowsAndCutTogether) {
    ASSERT_THAT(
        warehouse_->load(load_of(0, 3, {change('c', 3, "1"), change('c', 3, "2", 1)}), files_),
        IsOk());
    reopen();
    EXPECT_THAT(warehouse_->current_cut(), HasValue(ledger::CutNumber{3}));
    EXPECT_EQ(scalar("SELECT count(*) FROM claims.claim"), "2");
    EXPECT_EQ(scalar("SELECT op FROM claims.claim WHERE id = 1"), "x");
    EXPECT_EQ(scalar("SELECT op FROM claims_history.claim WHERE id = 1"), "c");
    EXPECT_EQ(scalar("SELECT \"rows\" FROM weir_ops.load"), "2");
    EXPECT_EQ(scalar("SELECT begun FROM weir_ops.load_table"), "2");
}

TEST_F(LoadTest, AFailureInTheMiddleLeavesNothingAndTheSameLoadPassesLater) {
    Load load = load_of(0, 2, {change('c', 1, "1")});
    load.cuts.front().cut = {1};
    load.cuts.push_back(load_of(1, 2, {change('c', 2, "2")}).cuts.front());
    files_.failing_key = load.cuts.back().files.front().key;
    EXPECT_THAT(warehouse_->load(load, files_),
                IsError(ErrorKind::unavailable, HasSubstr("cuts 1 to 2: claims.claim")));
    EXPECT_THAT(warehouse_->current_cut(), HasValue(ledger::CutNumber{0}));
    EXPECT_EQ(scalar("SELECT count(*) FROM claims_history.claim"), "0");
    files_.failing_key.clear();
    ASSERT_THAT(warehouse_->load(load, files_), IsOk());
    EXPECT_EQ(scalar("SELECT count(*) FROM claims_history.claim"), "2");
}

/// Stops the process's work inside a load, at the first file, without a rollback of its own.
class DyingFiles final : public ProcessingFiles {
public:
    explicit DyingFiles(std::function<void()> die) : die_(std::move(die)) {}
    Result<std::unique_ptr<ProcessingRows>> open(const RefinedFile& file) override {
        die_();
        return fail(ErrorKind::cancelled, "dead, file={}", file.key);
    }

private:
    std::function<void()> die_;
};

TEST_F(LoadTest, ACopyOfTheFilesTakenInMidLoadOpensAsBeforeTheLoad) {
    ASSERT_THAT(warehouse_->load(load_of(0, 1, {change('c', 1, "1")}), files_), IsOk());
    const auto copy = folder_ / "copy.duckdb";
    DyingFiles dying([&] {
        std::filesystem::copy_file(folder_ / "w.duckdb", copy);
        if (std::filesystem::exists(folder_ / "w.duckdb.wal")) {
            std::filesystem::copy_file(folder_ / "w.duckdb.wal", folder_ / "copy.duckdb.wal");
        }
    });
    EXPECT_THAT(warehouse_->load(load_of(1, 2, {change('c', 2, "2")}), dying),
                IsError(ErrorKind::cancelled));
    const auto database = sql::DuckDbDatabase::open(copy, {.threads = 1});
    ASSERT_THAT(database, IsOk());
    const auto session = *database->connect();
    auto warehouse = Warehouse::open(*session, standing_clock, {});
    EXPECT_THAT(warehouse->current_cut(), HasValue(ledger::CutNumber{1}));
}

TEST_F(LoadTest, TheSameLoadTwiceIsAConflict) {
    const Load load = load_of(0, 1, {change('c', 1, "1")});
    ASSERT_THAT(warehouse_->load(load, files_), IsOk());
    EXPECT_THAT(warehouse_->load(load, files_), IsError(ErrorKind::conflict));
    EXPECT_EQ(scalar("SELECT count(*) FROM claims_history.claim"), "1");
}

TEST_F(LoadTest, ASecondLoaderInMidLoadIsAConflictAndTheFirstGoesOn) {
    const Load load = load_of(0, 1, {change('c', 1, "1")});
    const auto session = *database_->connect();
    auto second = Warehouse::open(*session, standing_clock, {});
    ASSERT_THAT(second, IsOk());
    ASSERT_THAT(session_->execute("BEGIN; UPDATE weir_ops.weir_cut SET cut = 1 WHERE cut = 0"),
                IsOk());
    EXPECT_THAT(second->load(load, files_), IsError(ErrorKind::conflict));
    ASSERT_THAT(session_->execute("COMMIT"), IsOk());
    EXPECT_THAT(second->load(load, files_), IsError(ErrorKind::conflict));
}

TEST_F(LoadTest, RefusesASnapshotWithOtherChangesOrAKeyTwice) {
    EXPECT_THAT(warehouse_->load(load_of(0, 1, {change('c', 1, "1")}, true), files_),
                IsError(ErrorKind::corrupt, HasSubstr("another change")));
    EXPECT_THAT(warehouse_->load(load_of(0, 1, {change('r', 1, "1"), change('r', 1, "1", 1)}, true),
                                 files_),
                IsError(ErrorKind::corrupt, HasSubstr("keys=1")));
}

TEST_F(LoadTest, RefusesTheSameChangeTwiceAndRowsThatTheLedgerDoesNotCount) {
    EXPECT_THAT(warehouse_->load(load_of(0, 1, {change('c', 1, "1"), change('c', 1, "2")}), files_),
                IsError(ErrorKind::corrupt, HasSubstr("repeated=1")));
    Load load = load_of(0, 1, {change('c', 1, "1")});
    load.cuts.front().files.front().file.rows = 2;
    EXPECT_THAT(warehouse_->load(load, files_), IsError(ErrorKind::corrupt, HasSubstr("rows=1")));
    EXPECT_THAT(warehouse_->load(load_of(0, 1, {change('c', 2, "1")}), files_),
                IsError(ErrorKind::corrupt, HasSubstr("elsewhere=1")));
}

TEST_F(LoadTest, ReportsChangesOfRowsThatHistoryDoesNotHave) {
    const auto report = warehouse_->load(
        load_of(0, 1, {change('d', 1, "1"), change('c', 1, "2", 1), change('c', 1, "2", 2)}),
        files_);
    ASSERT_THAT(report, IsOk());
    const TableCounts& counts = report->tables.at(contract_->name);
    EXPECT_EQ(counts.missing, 1U);
    EXPECT_EQ(counts.collisions, 1U);
}

TEST_F(LoadTest, AsksForAShapeThatWasNotPrepared) {
    auto next = *contract_;
    next.version = {2};
    Load load = load_of(0, 1, {change('c', 1, "1")});
    load.contracts.push_back(std::make_shared<const catalog::TableContract>(next));
    EXPECT_THAT(warehouse_->load(load, files_), IsError(ErrorKind::invalid, HasSubstr("prepared")));
}

TEST_F(LoadTest, RefusesATableWhoseNameDiffersInCaseOnly) {
    auto other = *contract_;
    other.name.table = "CLAIM";
    EXPECT_THAT(
        warehouse_->prepare({std::make_shared<const catalog::TableContract>(std::move(other))}),
        IsError(ErrorKind::unsupported, HasSubstr("claims.CLAIM")));
}

TEST_F(LoadTest, ShowsATableAsOfACut) {
    ASSERT_THAT(warehouse_->load(load_of(0, 1, {change('c', 1, "1")}), files_), IsOk());
    ASSERT_THAT(warehouse_->load(load_of(1, 2, {change('d', 2, "1")}), files_), IsOk());
    const auto count = [&](std::uint64_t cut) {
        return scalar("SELECT count(op) FROM (" + *warehouse_->as_of(*contract_, {cut}) + ")");
    };
    EXPECT_EQ(count(0), "0");
    EXPECT_EQ(count(1), "1");
    EXPECT_EQ(count(2), "0");
}

TEST_F(LoadTest, QueriesCannotWrite) {
    EXPECT_THAT(warehouse_->query("DELETE FROM weir_ops.weir_cut"), IsError(ErrorKind::invalid));
    EXPECT_THAT(warehouse_->query("SELECT no_such_column"), IsError(ErrorKind::invalid));
    EXPECT_EQ(scalar("SELECT cut FROM weir_ops.weir_cut"), "0");
}

class ChangesViewTest : public LoadTest {
protected:
    ChangesViewTest() { store_folder_ = folder_.string(); }
};

TEST_F(ChangesViewTest, ShowsLoadedFilesAndNoOthers) {
    EXPECT_EQ(scalar("SELECT count(_before.id) FROM claims_changes.claim"), "0");
    Load load = load_of(0, 1, {change('c', 1, "1")});
    const auto part = folder_ / "processing/claims.claim/load_dt=2024-01-01";
    std::filesystem::create_directories(part);
    for (const char* name : {"cut-1.parquet", "orphan.parquet"}) {
        const std::vector<SourceChange> changes{change('c', 1, "1")};
        const auto rows = testing::processing_rows(changes);
        const auto out = arrow::io::FileOutputStream::Open((part / name).string()).ValueOrDie();
        const auto table = arrow::Table::FromRecordBatches({rows}).ValueOrDie();
        ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out).ok());
        ASSERT_TRUE(out->Close().ok());
    }
    auto& file = load.cuts.front().files.front();
    const std::string key = "processing/claims.claim/load_dt=2024-01-01/cut-1.parquet";
    files_.rename(file.key, key);
    file.key = key;
    ASSERT_THAT(warehouse_->load(load, files_), IsOk());
    EXPECT_EQ(scalar("SELECT string_agg(_op || _cut || op) FROM claims_changes.claim"), "c1x");
}

}  // namespace
}  // namespace weir::warehouse
