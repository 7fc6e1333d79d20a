#include "refine/row_refiner.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/result_matchers.h"
#include "change/change_batch.h"
#include "refine/processing_schema.h"

namespace weir::refine {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp commit_time{std::chrono::sys_days(2026y / 3 / 31) + 23h};

std::shared_ptr<const catalog::TableContract> contract() {
    return std::make_shared<catalog::TableContract>(
        catalog::TableContract{.name = {"claims", "claim"},
                               .version = {3},
                               .identity = catalog::RowIdentity::full,
                               .columns = {{.id = 1,
                                            .name = "id",
                                            .source_type = "bigint",
                                            .landed_type = arrow::int64(),
                                            .nullable = false,
                                            .in_key = true,
                                            .tags = {}},
                                           {.id = 2,
                                            .name = "paid",
                                            .source_type = "numeric",
                                            .landed_type = arrow::utf8(),
                                            .tags = {}},
                                           {.id = 4,
                                            .name = "seen",
                                            .source_type = "timestamp without time zone",
                                            .landed_type = arrow::timestamp(arrow::TimeUnit::MICRO),
                                            .tags = {}},
                                           {.id = 5,
                                            .name = "note",
                                            .source_type = "text",
                                            .landed_type = arrow::utf8(),
                                            .tags = {}}}});
}

std::shared_ptr<arrow::RecordBatch> rows_of(const std::shared_ptr<arrow::Schema>& schema,
                                            std::string_view json) {
    const auto rows = arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
    const auto batch = arrow::RecordBatch::FromStructArray(rows.ValueOrDie()).ValueOrDie();
    return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

DeclaredTypes declared() {
    DeclaredTypes types;
    EXPECT_THAT(types.declare("claims.claim.paid", "decimal(5,2)"), IsOk());
    EXPECT_THAT(types.declare("claims.claim.note", "json"), IsOk());
    return types;
}

RowRefiner refiner(const DeclaredTypes& types) {
    return *RowRefiner::make(*contract(), types, {.value = 12}, commit_time);
}

std::shared_ptr<arrow::RecordBatch> landed(std::string_view json) {
    return rows_of(change::landed_schema(*contract()), json);
}

/// Reason and column of each quarantined row, after its position and ordinal.
std::vector<std::string> reasons(const RefinedRows& rows) {
    std::vector<std::string> found;
    for (const auto& batch : rows.quarantined) {
        for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
            std::string text;
            for (const auto* column : {"commit_position", "ordinal", "reason", "column"}) {
                text +=
                    " " + batch->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
            }
            found.push_back(text.substr(1));
        }
    }
    return found;
}

// Goal: the page's columns, in its order, with the values of the after image as typed, whatever the
// operation was.
TEST(RowRefiner, FlattensTheAfterImage) {
    const auto types = declared();
    const auto rows = landed(R"([
        ["r", 100, 0, 0, "2026-03-31 22:00:00", 3, null,
         [1, "12.5", "2026-01-02 03:04:05", "{}"], null, null],
        ["u", 101, 0, 7, "2026-03-31 23:00:00", 3, [1, "12.50", null, "{}"],
         [2, null, null, null], ["note"], null],
        ["d", 101, 1, 7, "2026-03-31 23:00:00", 3, [2, "0", null, null], null, null, null],
        ["t", 102, 0, 8, "2026-03-31 23:00:00", 3, null, null, null, []]])");
    const auto refined = refiner(types).refine(*rows);
    ASSERT_THAT(refined, IsOk());
    EXPECT_TRUE(refined->quarantined.empty());
    ASSERT_EQ(refined->refined.size(), 1U);
    const auto expected = rows_of(*processing_schema(*contract(), types), R"([
        ["r", 12, 100, 0, 0, "2026-03-31 22:00:00", 3, 20543, null, null,
         1, "12.50", "2026-01-02 03:04:05", "{}"],
        ["u", 12, 101, 0, 7, "2026-03-31 23:00:00", 3, 20543, ["note"], [1, "12.50", null, "{}"],
         2, null, null, null],
        ["d", 12, 101, 1, 7, "2026-03-31 23:00:00", 3, 20543, null, [2, "0.00", null, null],
         null, null, null, null],
        ["t", 12, 102, 0, 8, "2026-03-31 23:00:00", 3, 20543, null, null,
         null, null, null, null]])");
    EXPECT_TRUE(expected->Equals(*refined->refined[0])) << refined->refined[0]->ToString();
    EXPECT_THAT(refined->refined[0]->Validate().ok(), true);
}

// Each reason sends its row to quarantine, with the column, and leaves the rows around it alone.
TEST(RowRefiner, SendsWhatDoesNotFitToQuarantine) {
    const auto types = declared();
    const auto rows = landed(R"([
        ["c", 1, 0, 7, 0, 3, null, [1, "1000", null, null], null, null],
        ["c", 1, 1, 7, 0, 3, null, [1, "twelve", null, "{"], null, null],
        ["c", 1, 2, 7, 0, 3, null, [1, "1", null, null], null, null],
        ["c", 1, 3, 7, 0, 3, null, [1, "1", null, "{\"a\":"], null, null],
        ["u", 1, 4, 7, 0, 3, [1, "1.005", null, null], [1, "1", null, null], null, null],
        ["u", 1, 5, 7, 0, 3, null, [1, "1", null, null], null, [["a", "seen", "294276-01-01"]]],
        ["c", 1, 6, 7, 0, 3, null, [1, "1", -9223372036854775808, null], null, null]])");
    const auto refined = refiner(types).refine(*rows);
    ASSERT_THAT(refined, IsOk());
    EXPECT_THAT(reasons(*refined),
                testing::ElementsAre("1 0 number_out_of_range paid", "1 1 malformed_number paid",
                                     "1 3 malformed_json note", "1 4 number_out_of_range paid",
                                     "1 5 untyped_value seen", "1 6 date_out_of_range seen"));
    ASSERT_EQ(refined->refined.size(), 1U);
    EXPECT_EQ(refined->refined[0]->num_rows(), 1);
    EXPECT_EQ(
        refined->refined[0]->GetColumnByName("_ordinal")->GetScalar(0).ValueOrDie()->ToString(),
        "2");
    // The landed row is whole in quarantine.
    const auto& first = refined->quarantined[0];
    EXPECT_TRUE(first->schema()->Equals(*quarantine_schema(*contract())));
    EXPECT_TRUE(first->column(7)->Equals(rows->Slice(0, 2)->column(7)));
}

// Property: rows are only dealt out, whatever slice of them arrives.
TEST(RowRefiner, EveryRowIsOnOneSide) {
    const auto types = declared();
    std::string json = "[";
    for (int row = 0; row < 300; ++row) {
        json +=
            fmt::format(R"({}["u", 1, {}, 7, 0, 3, {}, [{}, {}, null, {}], null, null])",
                        row == 0 ? "" : ",", row, row % 3 == 0 ? "null" : R"([1, "1", null, null])",
                        row, row % 7 == 0 ? R"("x")" : R"("1")", row % 11 < 3 ? R"("[")" : "null");
    }
    const auto rows = landed(json + "]");
    for (std::int64_t from = 0; from < 300; from += 37) {
        const auto slice = rows->Slice(from, 90);
        const auto refined = refiner(types).refine(*slice);
        ASSERT_THAT(refined, IsOk());
        std::vector<std::int64_t> ordinals;
        for (const auto& side : {refined->refined, refined->quarantined}) {
            for (const auto& batch : side) {
                const auto* const column =
                    batch->schema()->field(0)->name() == "_op" ? "_ordinal" : "ordinal";
                const auto& values =
                    static_cast<const arrow::Int64Array&>(*batch->GetColumnByName(column));
                for (std::int64_t row = 0; row < values.length(); ++row) {
                    ordinals.push_back(values.Value(row));
                    const bool bad = values.Value(row) % 7 == 0 || values.Value(row) % 11 < 3;
                    EXPECT_EQ(bad, column == std::string_view("ordinal"));
                }
            }
        }
        std::ranges::sort(ordinals);
        ASSERT_EQ(ordinals.size(), static_cast<std::size_t>(slice->num_rows()));
        for (std::size_t index = 0; index < ordinals.size(); ++index) {
            EXPECT_EQ(ordinals[index], from + static_cast<std::int64_t>(index));
        }
    }
}

TEST(RowRefiner, RefusesRowsOfAnotherShape) {
    const auto types = declared();
    const auto rows = landed("[]")->RemoveColumn(0).ValueOrDie();
    EXPECT_THAT(refiner(types).refine(*rows), IsError(ErrorKind::corrupt));
}

TEST(ProcessingSchema, RefusesColumnsWithOurNames) {
    catalog::TableContract table = *contract();
    table.columns[3].name = "_op";
    EXPECT_THAT(processing_schema(table, {}),
                IsError(ErrorKind::invalid, testing::HasSubstr("column=_op")));
}

TEST(ProcessingSchema, HasNoColumnOfItsOwnThatTheCatalogDoesNotKnow) {
    const auto schema = processing_schema(*contract(), {}).value();
    for (const auto& field : schema->fields()) {
        const bool of_table = contract()->find_column(field->name()) != nullptr;
        EXPECT_EQ(catalog::is_own_name(field->name()), !of_table) << field->name();
    }
}

TEST(ProcessingSchema, RefusesDeclarationsThatCannotBe) {
    DeclaredTypes types;
    ASSERT_THAT(types.declare("claims.claim.id", "date"), IsOk());
    EXPECT_THAT(processing_schema(*contract(), types),
                IsError(ErrorKind::invalid, testing::HasSubstr("landed=int64, declared=date")));
}

TEST(ProcessingSchema, KeepsTheMetadataOfColumns) {
    const auto schema = processing_schema(*contract(), declared());
    ASSERT_THAT(schema, IsOk());
    const auto paid = (*schema)->GetFieldByName("paid");
    EXPECT_EQ(paid->type()->ToString(), "decimal128(5, 2)");
    EXPECT_EQ(paid->metadata()->Get("weir.source_type").ValueOrDie(), "numeric");
    EXPECT_EQ(paid->metadata()->Get("weir.id").ValueOrDie(), "2");
}

TEST(DeclaredTypes, ReadsWhatTheConfigurationSays) {
    DeclaredTypes types;
    EXPECT_THAT(types.declare("a.b.c", "decimal(12,2)"), IsOk());
    EXPECT_THAT(types.declare("a.b.d", "timestamp"), IsOk());
    ASSERT_NE(types.find({"a", "b"}, "c"), nullptr);
    EXPECT_EQ(types.find({"a", "b"}, "c")->to_string(), "decimal(12,2)");
    EXPECT_EQ(types.find({"a", "b"}, "e"), nullptr);
    for (const auto* type : {"", "decimal", "decimal(39,2)", "decimal(2,3)", "decimal(12, 2)",
                             "text", "int64", "JSON"}) {
        EXPECT_THAT(types.declare("a.b.c", type), IsError(ErrorKind::invalid)) << type;
    }
    for (const auto* column : {"", "a", "a.b", "a.b.", ".b.c"}) {
        EXPECT_THAT(types.declare(column, "json"), IsError(ErrorKind::invalid)) << column;
    }
}

}  // namespace
}  // namespace weir::refine
