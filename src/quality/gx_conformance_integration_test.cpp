// Goal: the oracle: Great Expectations' own test definitions give the same verdicts and counts
// here. Method: every case of the expectations that we know, as the `postgresql` back-end; the data
// folder is found by WEIR_SHARED_DATA. What differs is listed by name below.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/result_matchers.h"
#include "quality/evaluation.h"
#include "sql/duckdb/duckdb_database.h"
#include "store/scratch_folder.h"

namespace weir::quality {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// Dates that are not in ISO form, which no exact engine should guess at.
const std::set<std::string> dates_not_iso{"basic_positive_test_with_timestamps"};

bool names_us(const json& backends) {
    return std::ranges::any_of(
        backends, [](const json& name) { return name == "postgresql" || name == "sqlalchemy"; });
}

bool applies(const json& object) {
    return (!object.contains("only_for") || names_us(object["only_for"])) &&
           !(object.contains("suppress_test_for") && names_us(object["suppress_test_for"]));
}

std::string type_of(const json& values, const std::string& declared) {
    bool texts = false;
    bool floats = false;
    for (const json& value : values) {
        texts = texts || value.is_string();
        floats = floats || value.is_number_float();
    }
    if (texts) {
        return declared.starts_with("TIMESTAMP") ? "TIMESTAMP" : "VARCHAR";
    }
    return floats ? "DOUBLE" : "BIGINT";
}

std::string literal(const json& value) {
    if (value.is_null()) {
        return "NULL";
    }
    return value.is_string() ? sql::quote_literal(value.get<std::string>()) : value.dump();
}

class GxConformance : public ::testing::Test {
protected:
    void SetUp() override {
        const char* const data = std::getenv("WEIR_SHARED_DATA");
        if (data == nullptr) {
            GTEST_SKIP() << "WEIR_SHARED_DATA is not set: no Great Expectations cases";
        }
        root_ = fs::path(data) / "gx" / "test_definitions";
    }

    /// Makes the table; false if DuckDB cannot read the data as declared.
    bool make_table(const json& data, const json& declared) {
        std::string columns;
        std::string values;
        std::size_t rows = 0;
        for (const auto& [name, column] : data.items()) {
            columns += (columns.empty() ? "" : ", ") + sql::quote_identifier(name) + " " +
                       type_of(column, declared.value(name, ""));
            rows = column.size();
        }
        for (std::size_t row = 0; row < rows; ++row) {
            values += row == 0 ? "(" : ", (";
            for (const auto& [name, column] : data.items()) {
                values += (values.back() == '(' ? "" : ", ") + literal(column[row]);
            }
            values += ")";
        }
        return session_->execute("CREATE OR REPLACE TABLE t (" + columns + ")").has_value() &&
               session_->execute("INSERT INTO t VALUES " + values).has_value();
    }

    void check(const std::string& type, const json& test) {
        const json suite{{"name", "s"},
                         {"expectations", {{{"type", type}, {"kwargs", test["in"]}}}}};
        const auto parsed = parse_suite(suite.dump(), catalog::TableName{"main", "t"});
        const auto result = parsed ? evaluate_suite(*session_, *parsed)
                                   : Result<SuiteResult>(std::unexpected(parsed.error()));
        const bool error = !result || result->outcomes[0].exception;
        const bool error_expected =
            test.contains("error") || test["out"].contains("traceback_substring");
        EXPECT_EQ(error, error_expected) << type << ": " << test["title"];
        if (error || error_expected) {
            return;
        }
        const json shown = result->to_json(ResultFormat::basic)["results"][0];
        const json& out = test["out"];
        EXPECT_EQ(shown["success"], out.value("success", shown["success"]))
            << type << ": " << test["title"];
        if (out.contains("unexpected_list")) {
            EXPECT_EQ(shown["result"]["unexpected_count"], out["unexpected_list"].size())
                << type << ": " << test["title"];
        }
        if (out.contains("observed_value")) {
            EXPECT_EQ(shown["result"]["observed_value"], out["observed_value"]) << type;
        }
        const json exact = out.value("result", json::object());
        for (const auto& [name, value] : exact.items()) {
            if (!value.is_array()) {
                EXPECT_EQ(shown["result"][name], value) << type << ": " << test["title"] << name;
            }
        }
    }

    void run_file(const std::string& name) {
        std::ostringstream text;
        text << std::ifstream(root_ / name).rdbuf();
        // DuckDB reads the offset +05:30, not " +0530".
        static const std::regex offset(R"re( ([+-]\d\d)(\d\d)")re");
        const json file = json::parse(std::regex_replace(text.str(), offset, "$1:$2\""));
        for (const json& dataset : file["datasets"]) {
            const json declared = dataset.value("/schemas/postgresql"_json_pointer, json::object());
            const json& data = dataset["data"];
            // Not ISO: the column stays text, and the cases on it are among those skipped.
            if (!make_table(data, declared)) {
                ASSERT_TRUE(make_table(data, json::object())) << name;
            }
            for (const json& test : dataset["tests"]) {
                const bool skipped = !applies(dataset) || !applies(test) ||
                                     !test["in"].is_object() ||
                                     dates_not_iso.contains(test["title"]);
                skipped ? ++skipped_ : ++run_;
                if (!skipped) {
                    check(file["expectation_type"], test);
                }
            }
        }
    }

    fs::path root_;
    store::ScratchFolder folder_;
    sql::DuckDbDatabase database_ = *sql::DuckDbDatabase::open(folder_.path() / "w.duckdb", {});
    std::unique_ptr<sql::SqlSession> session_ = *database_.connect();
    int run_ = 0;
    int skipped_ = 0;
};

TEST_F(GxConformance, SameVerdictsAndCounts) {
    const std::string map = "column_map_expectations/expect_column_values_to_";
    for (const std::string name : {"be_between", "be_between_tz_naive", "be_between_tz_informed",
                                   "be_null", "not_be_null", "not_be_in_set"}) {
        run_file(map + name + ".json");
    }
    run_file("other_expectations/expect_column_to_exist.json");
    run_file("other_expectations/expect_table_row_count_to_be_between.json");
    RecordProperty("run", run_);
    RecordProperty("skipped", skipped_);
    std::printf("Great Expectations cases: %d run, %d skipped\n", run_, skipped_);
    EXPECT_GE(run_, 60);
}

}  // namespace
}  // namespace weir::quality
