// Goal: a DuckDB file behaves as sql/sql_session.h says. Method: real files in a folder of the
// test.
#include "sql/duckdb/duckdb_session.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "base/result_matchers.h"
#include "sql/duckdb/duckdb_database.h"

namespace weir::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

class DuckDbSessionTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_);
        auto database = DuckDbDatabase::open(file_, {});
        ASSERT_THAT(database, IsOk());
        database_.emplace(*std::move(database));
        auto session = database_->connect();
        ASSERT_THAT(session, IsOk());
        session_ = *std::move(session);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string scalar(std::string_view statement) {
        const auto rows = session_->query(statement);
        EXPECT_THAT(rows, IsOk());
        return rows && rows->rows.size() == 1 ? rows->rows[0][0].value_or("<null>") : "<no row>";
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("weir-duckdb-" + std::to_string(::getpid()));
    std::filesystem::path file_ = folder_ / "w.duckdb";
    std::optional<DuckDbDatabase> database_;
    std::unique_ptr<DuckDbSession> session_;
};

TEST_F(DuckDbSessionTest, PrintsEveryTypeAndKeepsNull) {
    const auto rows = session_->query(
        "SELECT 1::SMALLINT a, 1.50::DECIMAL(9,2) b, [1, 2] c, {'k': 'v'} d, NULL::DATE e, "
        "TIMESTAMPTZ '2024-01-02 03:04:05.000006+00' f, 'x' AS a; ");
    ASSERT_THAT(rows, IsOk());
    EXPECT_THAT(rows->columns, ElementsAre("a", "b", "c", "d", "e", "f", "a"));
    ASSERT_EQ(rows->rows.size(), 1U);
    EXPECT_THAT(rows->rows[0],
                ElementsAre(Optional(std::string("1")), Optional(std::string("1.50")),
                            Optional(std::string("[1, 2]")), Optional(std::string("{'k': v}")),
                            std::nullopt, Optional(std::string("2024-01-02 03:04:05.000006+00")),
                            Optional(std::string("x"))));
}

TEST_F(DuckDbSessionTest, KeepsTheOrderOfAStatementWhoseValuesItPrints) {
    const auto rows = session_->query("SELECT i FROM range(5000) t(i) ORDER BY i DESC");
    ASSERT_THAT(rows, IsOk());
    ASSERT_EQ(rows->rows.size(), 5000U);
    EXPECT_THAT(rows->rows.front(), ElementsAre(Optional(std::string("4999"))));
    const auto doubles = session_->query("SELECT i::DOUBLE FROM range(3) t(i) ORDER BY i DESC");
    ASSERT_THAT(doubles, IsOk());
    EXPECT_THAT(doubles->rows.front(), ElementsAre(Optional(std::string("2.0"))));
}

TEST_F(DuckDbSessionTest, TheSignOfZeroOutlivesACheckpoint) {
    ASSERT_THAT(session_->execute("CREATE TABLE t(x DOUBLE); INSERT INTO t SELECT x FROM (VALUES "
                                  "(0::DOUBLE), ('-0'), (1.5)) v(x), range(1000); CHECKPOINT"),
                IsOk());
    session_.reset();
    database_.reset();
    SetUp();
    EXPECT_EQ(scalar("SELECT count(*) FROM t WHERE x::VARCHAR = '-0.0'"), "1000");
}

TEST_F(DuckDbSessionTest, ExecutesManyStatementsAndCountsTheLastOnesRows) {
    EXPECT_THAT(session_->execute("CREATE TABLE t(i INT); INSERT INTO t SELECT * FROM range(10);"
                                  "UPDATE t SET i = 0 WHERE i < 4"),
                HasValue(4U));
}

TEST_F(DuckDbSessionTest, RollsBackAppendedRowsWithTheirTransaction) {
    ASSERT_THAT(session_->execute("CREATE TABLE t(i BIGINT)"), IsOk());
    arrow::Int64Builder builder;
    ASSERT_TRUE(builder.AppendValues({1, 2, 3}).ok());
    const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("i", arrow::int64())}),
                                                3, {builder.Finish().ValueOrDie()});
    ASSERT_THAT(session_->execute("BEGIN"), IsOk());
    ASSERT_THAT(session_->append("main", "t", *batch), IsOk());
    EXPECT_EQ(scalar("SELECT count(*) FROM t"), "3");
    ASSERT_THAT(session_->execute("ROLLBACK"), IsOk());
    EXPECT_EQ(scalar("SELECT count(*) FROM t"), "0");
}

std::shared_ptr<arrow::Schema> every_type_schema() {
    const auto inner = arrow::struct_({arrow::field("k", arrow::utf8())});
    return arrow::schema({arrow::field("b", arrow::boolean()), arrow::field("s", arrow::int16()),
                          arrow::field("d", arrow::decimal128(12, 2)),
                          arrow::field("w", arrow::decimal128(38, 4)),
                          arrow::field("x", arrow::binary()), arrow::field("y", arrow::date32()),
                          arrow::field("t", arrow::time64(arrow::TimeUnit::MICRO)),
                          arrow::field("z", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                          arrow::field("l", arrow::list(arrow::utf8())), arrow::field("n", inner)});
}

void append_plain_values(arrow::RecordBatchBuilder& made, std::int64_t row) {
    EXPECT_TRUE(made.GetFieldAs<arrow::BooleanBuilder>(0)->Append(row % 2 == 0).ok());
    EXPECT_TRUE(
        made.GetFieldAs<arrow::Int16Builder>(1)->Append(static_cast<std::int16_t>(row % 100)).ok());
    EXPECT_TRUE(made.GetFieldAs<arrow::Decimal128Builder>(2)->Append(row).ok());
    EXPECT_TRUE(made.GetFieldAs<arrow::Decimal128Builder>(3)->Append(row).ok());
    EXPECT_TRUE(made.GetFieldAs<arrow::BinaryBuilder>(4)->Append("\x01\xff", 2).ok());
    EXPECT_TRUE(made.GetFieldAs<arrow::Date32Builder>(5)
                    ->Append(row == 0 ? std::numeric_limits<std::int32_t>::max() : 0)
                    .ok());
}

void append_times_and_groups(arrow::RecordBatchBuilder& made, std::int64_t row) {
    EXPECT_TRUE(made.GetFieldAs<arrow::Time64Builder>(6)->Append(86'400'000'000).ok());
    EXPECT_TRUE(made.GetFieldAs<arrow::TimestampBuilder>(7)
                    ->Append(row == 0 ? -std::numeric_limits<std::int64_t>::max() : row)
                    .ok());
    auto* list = made.GetFieldAs<arrow::ListBuilder>(8);
    EXPECT_TRUE(list->Append().ok());
    EXPECT_TRUE(static_cast<arrow::StringBuilder*>(list->value_builder())->Append("a").ok());
    auto* group = made.GetFieldAs<arrow::StructBuilder>(9);
    EXPECT_TRUE(group->Append().ok());
    EXPECT_TRUE(static_cast<arrow::StringBuilder*>(group->field_builder(0))
                    ->Append(std::to_string(row))
                    .ok());
}

std::shared_ptr<arrow::RecordBatch> every_type(std::int64_t rows) {
    auto builder =
        arrow::RecordBatchBuilder::Make(every_type_schema(), arrow::default_memory_pool());
    auto& made = **builder;
    for (std::int64_t row = 0; row < rows; ++row) {
        if (row % 7 == 3) {
            for (int column = 0; column < made.num_fields(); ++column) {
                EXPECT_TRUE(made.GetField(column)->AppendNull().ok());
            }
            continue;
        }
        append_plain_values(made, row);
        append_times_and_groups(made, row);
    }
    return made.Flush().ValueOrDie();
}

TEST_F(DuckDbSessionTest, AppendsEveryLandedTypeOverManyChunks) {
    ASSERT_THAT(session_->execute(
                    "CREATE TABLE t(b BOOLEAN, s SMALLINT, d DECIMAL(12,2), w DECIMAL(38,4), "
                    "x BLOB, y DATE, t TIME, z TIMESTAMPTZ, l VARCHAR[], n STRUCT(k VARCHAR))"),
                IsOk());
    ASSERT_THAT(session_->append("main", "t", *every_type(5000)), IsOk());
    EXPECT_EQ(scalar("SELECT count(*) FROM t WHERE b IS NULL AND n IS NULL"), "714");
    const auto rows = session_->query("SELECT b, s, d, w, x, y, t, z, l, n FROM t WHERE n.k = '0'");
    ASSERT_THAT(rows, IsOk());
    const auto text = [](const char* value) { return Optional(std::string(value)); };
    EXPECT_THAT(rows->rows[0], ElementsAre(text("true"), text("0"), text("0.00"), text("0.0000"),
                                           text("\\x01\\xFF"), text("infinity"), text("24:00:00"),
                                           text("-infinity"), text("[a]"), text("{'k': 0}")));
    EXPECT_EQ(scalar("SELECT d FROM t WHERE n.k = '4999'"), "49.99");
}

TEST_F(DuckDbSessionTest, CastsToTheTablesTypesAndAppendsSlices) {
    ASSERT_THAT(session_->execute("CREATE TEMP TABLE t(s BIGINT, d DECIMAL(20,4))"), IsOk());
    const auto all = every_type(100);
    const auto batch = arrow::RecordBatch::Make(
        arrow::schema({all->schema()->field(1), all->schema()->field(2)}), 10,
        {all->column(1)->Slice(90, 10), all->column(2)->Slice(90, 10)});
    ASSERT_THAT(session_->append("temp", "t", *batch), IsOk());
    EXPECT_EQ(scalar("SELECT max(d) FROM t"), "0.9900");
}

TEST_F(DuckDbSessionTest, AppendNamesTheTableAndShowsNoValue) {
    ASSERT_THAT(session_->execute("CREATE TABLE t(k INT)"), IsOk());
    arrow::StringBuilder builder;
    ASSERT_TRUE(builder.Append("123-45-6789").ok());
    const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("k", arrow::utf8())}),
                                                1, {builder.Finish().ValueOrDie()});
    const Status status = session_->append("main", "t", *batch);
    EXPECT_THAT(status, IsError(ErrorKind::invalid, HasSubstr("main.t")));
    EXPECT_THAT(status.error().to_string(), ::testing::Not(HasSubstr("6789")));
}

TEST_F(DuckDbSessionTest, ErrorsShowNoValueOfAViolatedConstraint) {
    ASSERT_THAT(session_->execute("CREATE TABLE t(ssn VARCHAR PRIMARY KEY);"
                                  "INSERT INTO t VALUES ('123-45-6789')"),
                IsOk());
    const auto result = session_->execute("INSERT INTO t VALUES ('123-45-6789')");
    EXPECT_THAT(result, IsError(ErrorKind::invalid, HasSubstr("Constraint")));
    EXPECT_THAT(result.error().to_string(), ::testing::Not(HasSubstr("6789")));
}

TEST_F(DuckDbSessionTest, WritersOfOneRowMeetInAConflict) {
    auto other = database_->connect();
    ASSERT_THAT(other, IsOk());
    ASSERT_THAT(session_->execute("CREATE TABLE t(i INT); INSERT INTO t VALUES (1)"), IsOk());
    ASSERT_THAT(session_->execute("BEGIN; UPDATE t SET i = 2"), IsOk());
    EXPECT_THAT((*other)->execute("UPDATE t SET i = 3"), IsError(ErrorKind::conflict));
    ASSERT_THAT(session_->execute("ROLLBACK"), IsOk());
}

TEST_F(DuckDbSessionTest, AFileHeldByAnotherProcessIsAConflictWithItsRemedy) {
    const pid_t child = ::fork();
    if (child == 0) {
        // DuckDB's threads did not come along; opening only needs the lock, which it must not get.
        const auto second = DuckDbDatabase::open(file_, {.threads = 1});
        const bool refused = !second && second.error().kind() == ErrorKind::conflict &&
                             second.error().message().contains("weir query");
        ::_exit(refused ? 0 : 1);
    }
    int outcome = 1;
    ASSERT_EQ(::waitpid(child, &outcome, 0), child);
    EXPECT_EQ(outcome, 0);
}

TEST_F(DuckDbSessionTest, RefusesWhatItCannotPrintBeforeRunningIt) {
    ASSERT_THAT(session_->execute("CREATE TABLE t(i DOUBLE)"), IsOk());
    EXPECT_THAT(session_->query("INSERT INTO t VALUES (1) RETURNING i"),
                IsError(ErrorKind::unsupported));
    EXPECT_EQ(scalar("SELECT count(*) FROM t"), "0");
}

TEST(DuckDbDatabase, NamesAFileThatIsNoDatabase) {
    const auto file =
        std::filesystem::temp_directory_path() / ("weir-no-duckdb-" + std::to_string(::getpid()));
    std::ofstream(file) << std::string(8192, 'x');
    EXPECT_THAT(DuckDbDatabase::open(file, {}),
                IsError(ErrorKind::corrupt, HasSubstr(file.string())));
    std::filesystem::remove(file);
}

TEST(DuckDbDatabase, DoesNotMakeAFileToReadIt) {
    const auto file =
        std::filesystem::temp_directory_path() / ("weir-absent-" + std::to_string(::getpid()));
    EXPECT_THAT(DuckDbDatabase::open(file, {.read_only = true}), IsError(ErrorKind::not_found));
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(DuckDbDatabase, DownloadsNoExtension) {
    const auto file =
        std::filesystem::temp_directory_path() / ("weir-extension-" + std::to_string(::getpid()));
    {
        auto database = DuckDbDatabase::open(file, {.threads = 1, .memory_limit = "200MB"});
        ASSERT_THAT(database, IsOk());
        auto session = database->connect();
        const auto rows = (*session)->query(
            "SELECT string_agg(value, ',' ORDER BY name) FROM duckdb_settings() WHERE name IN "
            "('autoinstall_known_extensions', 'autoload_known_extensions', 'threads')");
        ASSERT_THAT(rows, IsOk());
        EXPECT_THAT(rows->rows[0], ElementsAre(Optional(std::string("false,false,1"))));
    }
    std::filesystem::remove(file);
}

}  // namespace
}  // namespace weir::sql
