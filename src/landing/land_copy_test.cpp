// Goal: a copied landing says what the first one says, and nothing that was damaged gets into it.
#include "landing/land_copy.h"

#include <gmock/gmock.h>

#include "landing/land_snapshot.h"
#include "landing/landing_fixture.h"

namespace weir::landing {
namespace {

using change::Position;

/// A snapshot of two chunks, after an attempt that ended early.
void land_two_attempts(TestPipeline& pipeline) {
    const auto contract = test_contract("claim");
    const change::SnapshotPlan plan{
        .position = Position(5000),
        .snapshot = "700:700:",
        .time = Timestamp{std::chrono::days(20'000)},
        .chunks = {{.contract = contract, .index = 0, .table_chunks = 2},
                   {.contract = contract, .index = 1, .table_chunks = 2}}};
    for (int attempt = 1; attempt <= 2; ++attempt) {
        ASSERT_THAT(pipeline.start(), IsOk());
        ScriptedSnapshot snapshot(plan);
        snapshot.rows[{contract->name, 0}] = test_rows(contract, 5000, 1, 20).rows;
        snapshot.rows[{contract->name, 1}] = test_rows(contract, 5000, 100, 30).rows;
        snapshot.on_chunk = [attempt](const change::SnapshotChunk& chunk) -> Status {
            if (attempt == 1 && chunk.index == 1) {
                return fail(ErrorKind::unavailable, "the source is gone");
            }
            return {};
        };
        const Status landed =
            land_snapshot(pipeline.place(), snapshot, {.workers = 1, .part_size = {}}, {}, {});
        ASSERT_EQ(landed.has_value(), attempt == 2);
    }
}

/// The snapshot, and a cut of the stream.
void land_something(TestPipeline& pipeline) {
    land_two_attempts(pipeline);
    LandingPlace place = pipeline.place();
    ASSERT_THAT(commit(place, {ledger::SourceIdentified{"7713326685622389875", 1, {}}}), IsOk());
    const std::vector<ScriptedTransaction> log{
        {.end = Position(6008),
         .commit_time = Timestamp{std::chrono::days(20'001)},
         .schema_changes = {},
         .batches = {test_rows(test_contract("claim"), 6000, 7, 3)}}};
    ScriptedSource source(log, pipeline.state.position, Position(9000), 0);
    IntervalBoundary schedule(pipeline.clock, {});
    ASSERT_THAT(land_stream(pipeline.place(), source, schedule,
                            {.spill_folder = pipeline.folder.path(),
                             .until = Position(6008),
                             .part_size = {},
                             .on_cut = {},
                             .on_position = {}},
                            {}),
                IsOk());
}

/// The entries of the landing without their runs, leases and attempts that ended early.
std::vector<std::string> landing_of(TestPipeline& pipeline) {
    std::vector<std::string> texts;
    for (const ledger::Entry& entry : pipeline.entries()) {
        if (std::holds_alternative<ledger::PipelineCreated>(entry.body) ||
            std::holds_alternative<ledger::LeaseTaken>(entry.body)) {
            continue;
        }
        if (const auto* chunk = std::get_if<ledger::ChunkLanded>(&entry.body);
            chunk != nullptr && chunk->attempt == 1) {
            continue;
        }
        texts.push_back(*ledger::format_entry({.body = entry.body, .run = {.id = "", .time = {}}}));
    }
    return texts;
}

TEST(LandCopy, HasTheSameContractsSnapshotCutsAndBytes) {
    TestPipeline first;
    land_something(first);
    TestPipeline second;
    ASSERT_THAT(second.start(), IsOk());
    std::vector<std::uint64_t> heard;
    ASSERT_THAT(land_copy(second.place(), {.store = first.store, .ledger = *first.ledger},
                          [&](ledger::CutNumber cut) { heard.push_back(cut.value); }, {}),
                IsOk());
    EXPECT_THAT(heard, ::testing::ElementsAre(1, 2));
    EXPECT_EQ(landing_of(second), landing_of(first));
    EXPECT_EQ(second.state.position, first.state.position);
    for (const auto& [cut, landed] : second.state.landed) {
        const auto& original = first.state.landed.at(cut);
        ASSERT_EQ(landed.files.size(), original.files.size());
        for (std::size_t list = 0; list < landed.files.size(); ++list) {
            const auto copies = *second.ledger->read_files(landed.files[list].first);
            for (const ledger::DataFile& file : copies) {
                EXPECT_EQ(second.store.objects().at(
                              ledger::stored_key(file.path, landed.files[list].second)),
                          first.store.objects().at(
                              ledger::stored_key(file.path, original.files[list].second)));
            }
        }
    }
}

TEST(LandCopy, RefusesAFileThatIsNotWhatTheLedgerSays) {
    TestPipeline first;
    land_something(first);
    const auto& [list, epoch] = first.state.landed.at({2}).files.at(0);
    const std::string key = ledger::stored_key((*first.ledger->read_files(list))[0].path, epoch);
    auto bytes = first.store.objects().at(key);
    bytes[bytes.size() / 2] ^= std::byte{1};
    ASSERT_THAT(first.store.remove(key), IsOk());
    ASSERT_THAT(store::create_object(first.store, key, bytes), IsOk());
    TestPipeline second;
    ASSERT_THAT(second.start(), IsOk());
    const Status copied =
        land_copy(second.place(), {.store = first.store, .ledger = *first.ledger}, {}, {});
    ASSERT_THAT(copied, IsError(ErrorKind::corrupt));
    EXPECT_THAT(copied.error().message(), ::testing::HasSubstr(key));
}

}  // namespace
}  // namespace weir::landing
