#include "refine/refine_cut.h"

#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/result_matchers.h"
#include "change/change_batch.h"
#include "columnar/memory_store.h"
#include "columnar/parquet_reader.h"
#include "ledger/note_key.h"
#include "refine/processing_schema.h"
#include "refine/quarantine_list.h"

namespace weir::refine {
namespace {

using Contract = std::shared_ptr<const catalog::TableContract>;

constexpr columnar::PartSize small{.row_group = {.rows = 8, .text_bytes = 1 << 20},
                                   .row_groups = 2};
constexpr Timestamp commit_time{std::chrono::days(20'000)};  // 2024-10-04

catalog::Column column(std::uint32_t id, std::string name, std::shared_ptr<arrow::DataType> type) {
    return {.id = id,
            .name = std::move(name),
            .source_type = "",
            .landed_type = std::move(type),
            .tags = {}};
}

/// `claims.<table>` with `id` and `paid`, a number as text; version 2 has a `note`.
Contract contract(const std::string& table, std::uint32_t version = 1) {
    catalog::TableContract made{
        .name = {"claims", table},
        .version = {version},
        .columns = {column(1, "id", arrow::int64()), column(2, "paid", arrow::utf8())}};
    if (version > 1) {
        made.columns.push_back(column(3, "note", arrow::utf8()));
    }
    return std::make_shared<const catalog::TableContract>(std::move(made));
}

/// `count` inserts of which every fifth has a `paid` that is no number.
std::shared_ptr<arrow::RecordBatch> landed_rows(const Contract& shape, int first, int count) {
    std::string json = "[";
    for (int id = first; id < first + count; ++id) {
        json += fmt::format(R"({}["c", 1000, {}, 7, 0, {}, null, [{}, "{}"{}], null, null])",
                            id == first ? "" : ",", id, shape->version.number, id,
                            id % 5 == 0 ? "secret-value" : "1.50",
                            shape->version.number > 1 ? R"(, "a note")" : "");
    }
    const auto schema = change::landed_schema(*shape);
    const auto rows =
        arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json + "]");
    const auto batch = arrow::RecordBatch::FromStructArray(rows.ValueOrDie()).ValueOrDie();
    return arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
}

/// A pipeline whose cuts were landed by hand.
class Pipeline {
    ManualClock clock_{commit_time};
    ledger::SigningKey signing_key_ = *ledger::SigningKey::from_seed("example.com/p", {});

public:
    columnar::MemoryStore store;
    std::unique_ptr<ledger::Ledger> ledger;
    ledger::PipelineState state;
    ledger::Lease lease;
    DeclaredTypes declared;
    store::SealingKey key = *store::SealingKey::random();

    Pipeline() {
        EXPECT_THAT(declared.declare("claims.claim.paid", "decimal(12,2)"), IsOk());
        EXPECT_THAT(
            ledger::Ledger::create(store, signing_key_,
                                   {.pipeline = "p", .source = "postgres", .release = "0"}, clock_),
            IsOk());
    }

    Status start(ledger::Stage stage) {
        TRY_LET(ledger, ledger::Ledger::open(store, signing_key_, clock_));
        TRY_LET(lease, ledger->take_lease(stage));
        state = {};
        return ledger::catch_up(state, *ledger);
    }

    RefinePlace place() {
        return {.store = store,
                .ledger = *ledger,
                .lease = lease,
                .state = state,
                .declared = declared,
                .quarantine_key = key};
    }

    /// Lands three cuts: two tables; the third changes the shape of `claim` halfway.
    void land_cuts() {
        ASSERT_THAT(start(ledger::Stage::capture), IsOk());
        append({*ledger->store_contract(*contract("claim")),
                *ledger->store_contract(*contract("line")),
                *ledger->store_contract(*contract("claim", 2))});
        land({write(contract("claim"), 1, 40, 1, 1), write(contract("line"), 1, 10, 1, 1)});
        land({write(contract("line"), 11, 3, 2, 1)});
        land({write(contract("claim"), 41, 20, 3, 1), write(contract("claim", 2), 61, 20, 3, 2)});
    }

    ledger::DataFile write(const Contract& shape, int first, int count, std::uint64_t cut,
                           std::uint32_t part) {
        const auto path =
            fmt::format("landing/{}/cut-{:012}-part-{:04}", shape->name.to_string(), cut, part);
        columnar::PartedWriter writer(change::landed_schema(*shape), [&](std::uint32_t) {
            return store.create(ledger::stored_key(path, lease.epoch));
        });
        EXPECT_THAT(writer.write(landed_rows(shape, first, count)), IsOk());
        const auto file = std::move(writer).finish()->front().file;
        return {.table = shape->name,
                .path = path,
                .rows = file.rows,
                .bytes = file.bytes,
                .sha256 = file.sha256,
                .schema_version = shape->version};
    }

    void land(std::vector<ledger::DataFile> files) {
        ++cut_;
        std::uint64_t rows = 0;
        for (const auto& file : files) {
            rows += file.rows;
        }
        append({ledger::CutLanded{.cut = {cut_},
                                  .position = change::Position(cut_ * 1000),
                                  .commit_time = commit_time,
                                  .transactions = 1,
                                  .changes = rows,
                                  .snapshot_attempt = std::nullopt,
                                  .files = std::move(files)}});
    }

    Result<std::uint64_t> refine(const RefineOptions& options = {.part_size = small,
                                                                 .on_cut = {}}) {
        return refine_waiting_cuts(place(), options, {});
    }

    std::map<std::string, std::vector<std::byte>> objects_under(std::string_view prefix) const {
        std::map<std::string, std::vector<std::byte>> found;
        const auto listed = *store.list(prefix);
        for (const auto& object : listed) {
            found.emplace(object.key, store.objects().at(object.key));
        }
        return found;
    }

private:
    void append(const std::vector<ledger::EntryBody>& entries) {
        ASSERT_THAT(ledger->append(lease, entries), IsOk());
    }

    std::uint64_t cut_ = 0;
};

/// The rows of a table's processing files of a cut, in order; checks that no file mixes versions.
std::shared_ptr<arrow::Table> refined_rows(const Pipeline& pipeline, std::uint64_t cut,
                                           const Contract& shape) {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    const auto& refined = pipeline.state.refined.at({cut});
    const auto listed = *pipeline.ledger->read_files(refined.entry.files);
    for (const auto& file : listed) {
        if (file.table != shape->name || file.schema_version != shape->version) {
            continue;
        }
        auto reader = columnar::ParquetReader::open(
            pipeline.store,
            {ledger::stored_key(file.path, refined.epoch), file.bytes, file.sha256});
        EXPECT_THAT(reader, IsOk());
        for (auto batch = reader->next(); batch && *batch; batch = reader->next()) {
            batches.push_back(*batch);
        }
    }
    return arrow::Table::FromRecordBatches(*processing_schema(*shape, pipeline.declared), batches)
        .ValueOrDie();
}

// Goal: all landed rows come out, in order, on the side where they belong, typed as declared.
TEST(RefineCut, RefinesWaitingCutsAndReconciles) {
    Pipeline pipeline;
    pipeline.land_cuts();
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    EXPECT_THAT(pipeline.refine(), HasValue(3U));
    ASSERT_EQ(pipeline.state.refined.size(), 3U);
    const auto& first = pipeline.state.refined.at({1}).entry;
    EXPECT_EQ(first.read, 50U);
    EXPECT_EQ(first.refined, 42U);  // `line` has no declared type: its odd text is fine.
    EXPECT_EQ(first.quarantined, 8U);
    const auto claims = refined_rows(pipeline, 1, contract("claim"));
    EXPECT_EQ(claims->num_rows(), 32);
    EXPECT_EQ(claims->GetColumnByName("paid")->type()->ToString(), "decimal128(12, 2)");
    EXPECT_EQ(claims->GetColumnByName("_load_dt")->GetScalar(0).ValueOrDie()->ToString(),
              "2024-10-04");
    EXPECT_EQ(refined_rows(pipeline, 2, contract("line"))->num_rows(), 3);
    EXPECT_THAT(pipeline.refine(), HasValue(0U));
}

TEST(RefineCut, FilesNeverMixSchemaVersions) {
    Pipeline pipeline;
    pipeline.land_cuts();
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    ASSERT_THAT(pipeline.refine(), IsOk());
    EXPECT_EQ(refined_rows(pipeline, 3, contract("claim"))->num_rows(), 16);
    EXPECT_EQ(refined_rows(pipeline, 3, contract("claim", 2))->num_rows(), 16);
    const auto listed = *pipeline.ledger->read_files(pipeline.state.refined.at({3}).entry.files);
    std::vector<std::string> paths;
    paths.reserve(listed.size());
    for (const auto& file : listed) {
        paths.push_back(file.path);
    }
    EXPECT_THAT(paths,
                testing::ElementsAre(
                    "processing/claims.claim/load_dt=2024-10-04/cut-000000000003-part-0001",
                    "processing/claims.claim/load_dt=2024-10-04/cut-000000000003-part-0002"));
}

// The list says where rows went and why, and no value of theirs.
TEST(RefineCut, QuarantineIsListedByReason) {
    Pipeline pipeline;
    pipeline.land_cuts();
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    ASSERT_THAT(pipeline.refine(), IsOk());
    const auto list =
        list_quarantine(pipeline.store, *pipeline.ledger, pipeline.state, pipeline.key);
    const catalog::TableName claim{"claims", "claim"};
    const QuarantineCount in_first{{1}, claim, "malformed_number", "paid", 8};
    const QuarantineCount in_third{{3}, claim, "malformed_number", "paid", 8};
    EXPECT_THAT(list, HasValue(testing::ElementsAre(in_first, in_third)));
}

// At rest, quarantine shows nothing: neither values nor that it is Parquet.
TEST(RefineCut, QuarantineIsSealed) {
    Pipeline pipeline;
    pipeline.land_cuts();
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    ASSERT_THAT(pipeline.refine(), IsOk());
    const auto objects = pipeline.objects_under("quarantine/");
    ASSERT_EQ(objects.size(), 3U);
    for (const auto& [key, bytes] : objects) {
        EXPECT_TRUE(key.ends_with("-e1.parquet.sealed")) << key;
        std::string text;
        for (const std::byte byte : bytes) {
            text += static_cast<char>(byte);
        }
        EXPECT_THAT(text, testing::Not(testing::HasSubstr("secret-value")));
        EXPECT_THAT(text, testing::Not(testing::HasSubstr("PAR1")));
    }
    const auto another = *store::SealingKey::random();
    EXPECT_THAT(list_quarantine(pipeline.store, *pipeline.ledger, pipeline.state, another),
                IsError(ErrorKind::corrupt));
}

// Property: however many cuts wait and however they are grouped, the files are the same.
TEST(RefineCut, GroupsDoNotChangeFiles) {
    Pipeline at_once;
    at_once.land_cuts();
    ASSERT_THAT(at_once.start(ledger::Stage::refine), IsOk());
    ASSERT_THAT(at_once.refine(), IsOk());
    for (const std::size_t cuts : {1U, 2U}) {
        Pipeline pipeline;
        pipeline.land_cuts();
        ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
        ASSERT_THAT(
            pipeline.refine({.cuts_per_append_max = cuts, .part_size = small, .on_cut = {}}),
            HasValue(3U));
        EXPECT_EQ(pipeline.objects_under("processing/"), at_once.objects_under("processing/"));
    }
}

// A snapshot's cut is refined from the chunks of its attempt, in their order.
TEST(RefineCut, RefinesTheChunksOfASnapshot) {
    Pipeline pipeline;
    ASSERT_THAT(pipeline.start(ledger::Stage::capture), IsOk());
    std::vector<ledger::EntryBody> entries{
        *pipeline.ledger->store_contract(*contract("claim")),
        ledger::SnapshotStarted{
            .attempt = 1, .reading = {change::Position(9), "1:1:", {}}, .chunks = 2}};
    for (const std::uint32_t chunk : {1U, 0U}) {
        const auto file =
            pipeline.write(contract("claim"), static_cast<int>(chunk) * 20 + 1, 20, 1, chunk + 1);
        entries.emplace_back(ledger::ChunkLanded{.attempt = 1,
                                                 .table = file.table,
                                                 .chunk = chunk,
                                                 .position = change::Position(9),
                                                 .rows = 20,
                                                 .files = std::vector{file}});
    }
    entries.emplace_back(ledger::CutLanded{.cut = {1},
                                           .position = change::Position(9),
                                           .commit_time = commit_time,
                                           .transactions = 0,
                                           .changes = 40,
                                           .snapshot_attempt = 1,
                                           .files = {}});
    ASSERT_THAT(pipeline.ledger->append(pipeline.lease, entries), IsOk());
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    ASSERT_THAT(pipeline.refine(), HasValue(1U));
    const auto rows = refined_rows(pipeline, 1, contract("claim"));
    ASSERT_EQ(rows->num_rows(), 32);
    EXPECT_EQ(rows->GetColumnByName("_ordinal")->GetScalar(0).ValueOrDie()->ToString(), "1");
    EXPECT_EQ(rows->GetColumnByName("_ordinal")->GetScalar(31).ValueOrDie()->ToString(), "39");
}

// Fault loop: the process dies at the n-th write to the store, for every n; then runs again.
TEST(RefineCut, DyingAtAnyWriteRefinesEachCutOnce) {
    Pipeline whole;
    whole.land_cuts();
    ASSERT_THAT(whole.start(ledger::Stage::refine), IsOk());
    ASSERT_THAT(whole.refine(), IsOk());
    std::uint64_t deaths = 0;
    for (std::uint64_t writes = 0;; ++writes) {
        Pipeline pipeline;
        pipeline.land_cuts();
        pipeline.store.die_after(writes);
        const RefineOptions one_by_one{.cuts_per_append_max = 1, .part_size = small, .on_cut = {}};
        const Status started = pipeline.start(ledger::Stage::refine);
        if (started && pipeline.refine(one_by_one)) {
            break;
        }
        ++deaths;
        pipeline.store.revive();
        ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
        ASSERT_THAT(pipeline.refine(), IsOk()) << writes;
        ASSERT_EQ(pipeline.state.refined.size(), 3U);
        for (const auto& [table, cut] : {std::pair("claim", 1U), {"line", 1U}, {"claim", 3U}}) {
            EXPECT_TRUE(refined_rows(pipeline, cut, contract(table))
                            ->Equals(*refined_rows(whole, cut, contract(table))));
        }
    }
    EXPECT_GT(deaths, 6U);
}

TEST(RefineCut, StopsOnDamagedLandedFiles) {
    Pipeline pipeline;
    pipeline.land_cuts();
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    const auto key = pipeline.store.list("landing/")->front().key;
    auto bytes = pipeline.store.objects().at(key);
    bytes[bytes.size() / 2] ^= std::byte{1};
    ASSERT_THAT(pipeline.store.remove(key), IsOk());
    ASSERT_THAT(store::create_object(pipeline.store, key, bytes), IsOk());
    EXPECT_THAT(pipeline.refine(), IsError(ErrorKind::corrupt, testing::HasSubstr(key)));
    EXPECT_TRUE(pipeline.state.refined.empty());
}

// What the entry counts and what its files hold must agree.
TEST(RefineCut, StopsWhenRowsDoNotAddUp) {
    Pipeline pipeline;
    pipeline.land_cuts();
    ASSERT_THAT(pipeline.start(ledger::Stage::refine), IsOk());
    ledger::LandedCut cut = pipeline.state.landed.at({2});
    ++cut.entry.changes;
    auto place = pipeline.place();
    EXPECT_THAT(refine_cut(place, cut),
                IsError(ErrorKind::corrupt, testing::HasSubstr("do not add up")));
}

}  // namespace
}  // namespace weir::refine
