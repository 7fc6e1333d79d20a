#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "base/result_matchers.h"
#include "change/change_batch.h"
#include "columnar/memory_store.h"
#include "columnar/parted_writer.h"
#include "refine/row_refiner.h"

namespace weir::refine {
namespace {

std::shared_ptr<const catalog::TableContract> contract() {
    const std::vector<std::tuple<std::string, std::string, std::string>> columns{
        {"id", "bigint", "int64"},
        {"ok", "boolean", "bool"},
        {"small", "smallint", "int16"},
        {"n", "integer", "int32"},
        {"r", "real", "float32"},
        {"d", "double precision", "float64"},
        {"paid", "numeric(12,2)", "decimal(12,2)"},
        {"big", "numeric(38,10)", "decimal(38,10)"},
        {"note", "text", "text"},
        {"raw", "bytea", "bytes"},
        {"born", "date", "date"},
        {"at", "time without time zone", "time"},
        {"seen", "timestamp without time zone", "timestamp"},
        {"stamp", "timestamp with time zone", "timestamptz"},
        {"amount", "numeric", "text"},
        {"doc", "jsonb", "text"}};
    catalog::TableContract made{.name = {"claims", "claim"}, .version = {3}, .columns = {}};
    for (const auto& [name, source_type, landed_type] : columns) {
        made.columns.push_back({.id = static_cast<std::uint32_t>(made.columns.size()) + 1,
                                .name = name,
                                .source_type = source_type,
                                .landed_type = *catalog::landed_type_from_name(landed_type),
                                .tags = {}});
    }
    return std::make_shared<const catalog::TableContract>(std::move(made));
}

/// One row of each operation, one with values at the ends of their types, one for quarantine.
std::shared_ptr<arrow::RecordBatch> landed_rows() {
    constexpr auto full =
        R"({"id": 1, "ok": true, "small": -32768, "n": 2147483647, "r": 0.5, "d": -1.25,
            "paid": "1234567890.12", "big": "-1234567890123456789012345678.0123456789",
            "note": "ä|\\ note", "raw": "raw", "born": -25568, "at": 86399999999, "seen": -1,
            "stamp": 1774958400000001, "amount": "0.10", "doc": "{\"a\": 1}"})";
    constexpr auto ends =
        R"({"id": 3, "born": 2147483647, "at": 86400000000, "seen": 9223372036854775807,
            "stamp": -9223372036854775807})";
    constexpr auto time = "1774998000000001";
    const auto json = fmt::format(
        R"([["r", 100, 0, 0, {2}, 3, null, {0}, null, null],
            ["u", 101, 0, 7, {2}, 3, {{"id": 1}}, {{"id": 2}}, ["note", "doc"], null],
            ["d", 101, 1, 7, {2}, 3, {0}, null, null, null],
            ["t", 102, 0, 8, {2}, 3, null, null, null, null],
            ["c", 103, 5, 9, {2}, 3, null, {1}, null, null],
            ["c", 103, 6, 9, {2}, 3, null, {{"id": 4}}, null, [["a", "paid", "NaN"]]]])",
        full, ends, time);
    const auto schema = change::landed_schema(*contract());
    const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
    const auto batch = arrow::RecordBatch::FromStructArray(rows.ValueOrDie()).ValueOrDie();
    return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

void write_file(const std::filesystem::path& path,
                const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    columnar::MemoryStore store;
    columnar::PartedWriter writer(batches.front()->schema(),
                                  [&](std::uint32_t) { return store.create("file"); });
    for (const auto& batch : batches) {
        ASSERT_THAT(writer.write(batch), IsOk());
    }
    ASSERT_THAT(std::move(writer).finish(), IsOk());
    const auto& bytes = store.objects().at("file");
    std::ofstream file(path, std::ios::binary);
    for (const std::byte byte : bytes) {
        file.put(static_cast<char>(byte));
    }
}

// Goal: pyarrow and DuckDB, which share no code of ours, find the documented schema and the rows.
// What they are to find is written in the Python program.
TEST(ReadParquet, OtherSoftwareReadsWhatThePagesSay) {
    const std::string source = WEIR_SOURCE_DIR;
    const std::string python = source + "/.deps/python/bin/python";
    if (!std::filesystem::exists(python)) {
        GTEST_SKIP() << "no .deps/python: run ./dev build";
    }
    DeclaredTypes declared;
    ASSERT_THAT(declared.declare("claims.claim.amount", "decimal(12,2)"), IsOk());
    ASSERT_THAT(declared.declare("claims.claim.doc", "json"), IsOk());
    const Timestamp time{std::chrono::microseconds(1'774'998'000'000'001)};
    const auto refiner = RowRefiner::make(*contract(), declared, {12}, time);
    ASSERT_THAT(refiner, IsOk());
    const auto refined = refiner->refine(*landed_rows());
    ASSERT_THAT(refined, IsOk());

    std::string folder = (std::filesystem::temp_directory_path() / "weir-read-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    write_file(folder + "/landed.parquet", {landed_rows()});
    write_file(folder + "/processing.parquet", refined->refined);
    const std::string command = fmt::format(
        "{0} {1}/tests/independent/read_parquet/read_parquet.py {2}/landed.parquet "
        "{2}/processing.parquet",
        python, source, folder);
    EXPECT_EQ(::system(command.c_str()), 0);  // NOLINT: the test's own words.
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir::refine
