// Goal: the SQL is the one that tests/fingerprint/fingerprint_test.py proves on two real databases.
// Method: golden texts in tests/golden/fingerprint; WEIR_REWRITE_GOLDEN=1 writes them anew.
#include "reconcile/fingerprint.h"

#include <arrow/type.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

namespace weir::reconcile {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

catalog::TableContract every_type() {
    catalog::TableContract contract{
        .name = {.schema = "odd \"schema\"", .table = "every type"}, .version = {1}, .columns = {}};
    const std::vector<std::pair<std::string, std::string>> columns{
        {"id", "int64"},           {"flag", "bool"},           {"small", "int16"},
        {"medium", "int32"},       {"money", "decimal(12,2)"}, {"whole", "decimal(38,0)"},
        {"share", "decimal(3,3)"}, {"real", "float32"},        {"double", "float64"},
        {"name \"x\"", "text"},    {"padded", "text"},         {"document", "text"},
        {"address", "text"},       {"free_number", "text"},    {"raw", "bytes"},
        {"day", "date"},           {"clock", "time"},          {"local", "timestamp"},
        {"instant", "timestamptz"}};
    for (const auto& [name, type] : columns) {
        contract.columns.push_back({.id = static_cast<std::uint32_t>(contract.columns.size() + 1),
                                    .name = name,
                                    .source_type = "",
                                    .landed_type = *catalog::landed_type_from_name(type),
                                    .nullable = true,
                                    .in_key = false,
                                    .tags = {}});
    }
    return contract;
}

std::string golden(const std::string& name, const std::string& sql) {
    const std::string path = std::string(WEIR_GOLDEN_DIR) + "/fingerprint/" + name;
    if (std::getenv("WEIR_REWRITE_GOLDEN") != nullptr) {
        std::ofstream(path) << sql << '\n';
    }
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(Fingerprint, IsTheProvenSqlForEveryType) {
    const std::string postgres = fingerprint_sql_postgres(every_type());
    EXPECT_EQ(golden("every_type.postgres.sql", postgres), postgres + "\n");
    const std::string duckdb = fingerprint_sql_duckdb(every_type(), "every_type");
    EXPECT_EQ(golden("every_type.duckdb.sql", duckdb), duckdb + "\n");
    const std::string settings(postgres_settings());
    EXPECT_EQ(golden("settings.postgres.sql", settings), settings + "\n");
}

TEST(Fingerprint, TakesAQueryInPlaceOfTheTable) {
    EXPECT_THAT(fingerprint_sql_postgres(every_type(), "SELECT 1"),
                HasSubstr("FROM (SELECT 1) AS q"));
}

TEST(Fingerprint, AsOfACutSeesRowsOpenAtItsEnd) {
    EXPECT_THAT(fingerprint_sql_duckdb(every_type(), "h", ledger::CutNumber{7}),
                EndsWith("FROM h AS q WHERE q.from_cut <= 7 AND q.to_cut > 7) AS r"));
}

}  // namespace
}  // namespace weir::reconcile
