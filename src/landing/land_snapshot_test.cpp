#include "landing/land_snapshot.h"

#include <gtest/gtest.h>

#include "landing/land_window.h"
#include "landing/landing_fixture.h"
#include "landing/orphans.h"

namespace weir::landing {
namespace {

using change::Position;

constexpr columnar::PartSize small{.row_group = {.rows = 8, .text_bytes = 1 << 20},
                                   .row_groups = 2};

/// Two tables in six chunks of 20 rows; one chunk is empty.
std::unique_ptr<ScriptedSnapshot> make_snapshot() {
    change::SnapshotPlan plan{.position = Position(5000),
                              .snapshot = "700:700:",
                              .time = Timestamp{std::chrono::days(20'000)},
                              .chunks = {}};
    std::map<std::pair<catalog::TableName, std::uint32_t>, std::shared_ptr<arrow::RecordBatch>>
        rows;
    for (const auto* table : {"claim", "claim_line"}) {
        const auto contract = test_contract(table);
        for (std::uint32_t index = 0; index < 3; ++index) {
            plan.chunks.push_back({.contract = contract, .index = index, .table_chunks = 3});
            rows[{contract->name, index}] =
                test_rows(contract, 5000, static_cast<int>(index) * 100, index == 2 ? 0 : 20).rows;
        }
    }
    auto snapshot = std::make_unique<ScriptedSnapshot>(std::move(plan));
    snapshot->rows = std::move(rows);
    return snapshot;
}

ChunkOptions options_of(std::size_t workers) {
    return {.workers = workers, .part_size = small};
}

/// All files of the landed cut, by path.
std::map<std::string, ledger::DataFile> files_of(TestPipeline& pipeline) {
    std::map<std::string, ledger::DataFile> files;
    for (const auto& [list, epoch] : pipeline.state.landed.at({1}).files) {
        const auto listed = *pipeline.ledger->read_files(list);
        for (const ledger::DataFile& file : listed) {
            EXPECT_TRUE(pipeline.store.objects().contains(ledger::stored_key(file.path, epoch)));
            files.emplace(file.path, file);
        }
    }
    return files;
}

// Cut 1 is the chunks of the attempt, at the plan's position, and has no list of its own.
TEST(LandSnapshot, LandsAllChunksAsTheFirstCut) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    auto snapshot = make_snapshot();
    ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {}), IsOk());
    ASSERT_EQ(pipeline.cuts().size(), 1U);
    const auto cut = pipeline.cuts()[0];
    EXPECT_EQ(cut.position, Position(5000));
    EXPECT_EQ(cut.commit_time, snapshot->plan().time);
    EXPECT_EQ(cut.changes, 80U);
    EXPECT_EQ(cut.snapshot_attempt, 1U);
    EXPECT_FALSE(pipeline.state.snapshot_open);
    std::uint64_t rows = 0;
    for (const auto& [path, file] : files_of(pipeline)) {
        rows += file.rows;
        EXPECT_THAT(path, testing::HasSubstr("/year=2024/month=10/day=04/snapshot-0001-chunk-"));
    }
    EXPECT_EQ(rows, 80U);
    EXPECT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {}),
                IsError(ErrorKind::invalid));
}

// Property: the files do not depend on how many workers read.
TEST(LandSnapshot, AnyNumberOfWorkersLandsTheSameFiles) {
    TestPipeline one;
    ASSERT_THAT(one.start(), IsOk());
    auto snapshot = make_snapshot();
    ASSERT_THAT(land_snapshot(one.place(), *snapshot, options_of(1), {}, {}), IsOk());
    for (const std::size_t workers : {2U, 4U, 9U}) {
        TestPipeline pipeline;
        ASSERT_THAT(pipeline.start(), IsOk());
        ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(workers), {}, {}),
                    IsOk());
        EXPECT_EQ(files_of(pipeline), files_of(one)) << workers;
    }
}

// The chunk's error is the snapshot's; what landed before stops counting with the next attempt.
TEST(LandSnapshot, AFailingChunkStopsItAndTheNextAttemptBeginsAgain) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    auto snapshot = make_snapshot();
    snapshot->on_chunk = [](const change::SnapshotChunk& chunk) -> Status {
        if (chunk.contract->name.table == "claim_line" && chunk.index == 1) {
            return fail(ErrorKind::unavailable, "the source went away");
        }
        return {};
    };
    EXPECT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {}),
                IsError(ErrorKind::unavailable, testing::HasSubstr("went away")));
    EXPECT_TRUE(pipeline.cuts().empty());
    snapshot = make_snapshot();
    ASSERT_THAT(pipeline.start(), IsOk());
    ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(2), {}, {}), IsOk());
    EXPECT_EQ(pipeline.cuts()[0].snapshot_attempt, 2U);
    EXPECT_EQ(pipeline.cuts()[0].changes, 80U);
    for (const auto& [path, file] : files_of(pipeline)) {
        EXPECT_THAT(path, testing::HasSubstr("/snapshot-0002-"));
    }
}

TEST(LandSnapshot, AStopRequestCancelsIt) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    auto snapshot = make_snapshot();
    std::stop_source stop;
    snapshot->on_chunk = [&](const change::SnapshotChunk& chunk) -> Status {
        if (chunk.index == 1) {
            stop.request_stop();
        }
        return {};
    };
    EXPECT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(2), {}, stop.get_token()),
                IsError(ErrorKind::cancelled));
    EXPECT_TRUE(pipeline.cuts().empty());
}

// Fault loop: the process dies at the n-th write to the store, for every n; then runs again. The
// snapshot's cut has every row once, and what the dead left is listed as orphans, never read.
TEST(LandSnapshot, DyingAtAnyWriteLandsEachRowOnce) {
    bool orphans_seen = false;
    for (std::uint64_t writes = 0;; ++writes) {
        TestPipeline pipeline;
        pipeline.store.die_after(writes);
        auto snapshot = make_snapshot();
        Status outcome = pipeline.start();
        if (outcome) {
            outcome = land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {});
        }
        if (outcome) {
            break;
        }
        pipeline.store.revive();
        ASSERT_THAT(pipeline.start(), IsOk());
        if (pipeline.state.last_landed().value == 0) {
            ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {}), IsOk())
                << writes;
        }
        std::uint64_t rows = 0;
        const auto files = files_of(pipeline);
        for (const auto& [path, file] : files) {
            rows += file.rows;
        }
        EXPECT_EQ(rows, 80U) << writes;
        const auto left = orphans(pipeline.store, *pipeline.ledger);
        ASSERT_THAT(left, IsOk());
        for (const auto& object : *left) {
            orphans_seen = true;
            EXPECT_EQ(files.count(object.key.substr(0, object.key.rfind("-e"))), 0U);
        }
    }
    EXPECT_TRUE(orphans_seen);
}

/// Goes on with what the state holds: the second half of `make_snapshot`, read at 7000.
std::unique_ptr<ScriptedSnapshot> make_second_reading(const ledger::PipelineState& state) {
    const auto whole = make_snapshot();
    change::SnapshotPlan plan = whole->plan();
    plan.position = Position(7000);
    plan.resumes = true;
    std::erase_if(plan.chunks, [&](const change::SnapshotChunk& chunk) {
        return state.chunks.contains({chunk.contract->name, chunk.index});
    });
    auto snapshot = std::make_unique<ScriptedSnapshot>(std::move(plan));
    snapshot->rows = whole->rows;
    return snapshot;
}

/// A snapshot that has landed in two readings; its cut has not.
void land_in_two_readings(TestPipeline& pipeline) {
    ASSERT_THAT(pipeline.start(), IsOk());
    auto first = make_snapshot();
    first->on_chunk = [](const change::SnapshotChunk& chunk) -> Status {
        return chunk.contract->name.table == "claim_line" && chunk.index == 1
                   ? fail(ErrorKind::unavailable, "the source went away")
                   : Status();
    };
    EXPECT_THAT(land_snapshot(pipeline.place(), *first, options_of(1), {}, {}),
                IsError(ErrorKind::unavailable));
    ASSERT_THAT(pipeline.start(), IsOk());
    ASSERT_EQ(pipeline.state.chunks.size(), 4U);
    const auto second = make_second_reading(pipeline.state);
    ASSERT_THAT(land_snapshot(pipeline.place(), *second, options_of(1), {}, {}), IsOk());
    EXPECT_TRUE(pipeline.cuts().empty());
}

TEST(LandWindow, MakesOneCutOfTheChunksAndTheChangesBetweenReadings) {
    TestPipeline pipeline;
    land_in_two_readings(pipeline);
    EXPECT_EQ(pipeline.state.snapshot->attempt, 1U);
    EXPECT_EQ(pipeline.state.landed.size(), 0U);
    std::vector<ScriptedTransaction> log;
    for (const std::uint64_t end : {6000U, 7500U, 8000U}) {
        log.push_back({.end = Position(end),
                       .commit_time = Timestamp{std::chrono::seconds(end)},
                       .schema_changes = {},
                       .batches = {test_rows(test_contract("claim"), end - 8, 900, 3)}});
    }
    ScriptedSource source(log, Position(5000), Position(9000));
    StreamOptions options;
    options.spill_folder = pipeline.folder.path();
    ASSERT_THAT(land_window(pipeline.place(), source, options, {}), IsOk());
    const ledger::CutLanded cut = pipeline.cuts().at(0);
    EXPECT_EQ(cut.position, Position(7500));  // The first end at or past the last reading's.
    EXPECT_EQ(cut.transactions, 2U);
    EXPECT_EQ(cut.changes, 80U + 6U);
    EXPECT_EQ(cut.snapshot_attempt, 1U);
    EXPECT_EQ(source.acknowledged, Position(7500));
    EXPECT_EQ(pipeline.state.landed.at({1}).pieced,
              (std::set<catalog::TableName>{{"claims", "claim_line"}}));
    std::uint64_t rows = 0;
    for (const auto& [path, file] : files_of(pipeline)) {
        rows += file.rows;
    }
    EXPECT_EQ(rows, 86U);
}

TEST(LandWindow, EndsAtTheLastReadingWhereTheLogIsSilent) {
    TestPipeline pipeline;
    land_in_two_readings(pipeline);
    const std::vector<ScriptedTransaction> log{
        {.end = Position(6000),
         .commit_time = Timestamp{std::chrono::seconds(6000)},
         .schema_changes = {},
         .batches = {test_rows(test_contract("claim"), 5992, 900, 3)}}};
    ScriptedSource source(log, Position(5000), Position(7200));
    StreamOptions options;
    options.spill_folder = pipeline.folder.path();
    ASSERT_THAT(land_window(pipeline.place(), source, options, {}), IsOk());
    EXPECT_EQ(pipeline.cuts().at(0).position, Position(7000));
    EXPECT_EQ(pipeline.cuts().at(0).commit_time, Timestamp{std::chrono::seconds(6000)});
}

/// Counts a change that it never gave.
class MiscountingSource final : public change::ChangeSource {
public:
    explicit MiscountingSource(change::ChangeSource& source) : source_(source) {}

    Result<change::CutEnd> read_cut(change::CutBoundary& boundary, change::ChangeSink& sink,
                                    const std::stop_token& stop) override {
        TRY_LET(change::CutEnd end, source_.read_cut(boundary, sink, stop));
        ++end.changes;
        return end;
    }
    Status acknowledge(Position position) override { return source_.acknowledge(position); }
    Status learn(std::shared_ptr<const catalog::TableContract> contract) override {
        return source_.learn(std::move(contract));
    }

private:
    change::ChangeSource& source_;
};

TEST(LandWindow, RefusesASourceThatCountsOtherChangesThanItGave) {
    TestPipeline pipeline;
    land_in_two_readings(pipeline);
    const std::vector<ScriptedTransaction> nothing;
    ScriptedSource silent(nothing, Position(5000), Position(9000));
    MiscountingSource source(silent);
    StreamOptions options;
    options.spill_folder = pipeline.folder.path();
    EXPECT_THAT(land_window(pipeline.place(), source, options, {}),
                IsError(ErrorKind::internal, testing::HasSubstr("counts other changes")));
    EXPECT_TRUE(pipeline.cuts().empty());
}

TEST(LandWindow, LeavesNothingWhenItIsStopped) {
    TestPipeline pipeline;
    land_in_two_readings(pipeline);
    std::stop_source stop;
    const std::vector<ScriptedTransaction> nothing;
    ScriptedSource source(nothing, Position(5000), Position(5000));
    source.on_silence = [&] { stop.request_stop(); };
    StreamOptions options;
    options.spill_folder = pipeline.folder.path();
    EXPECT_THAT(land_window(pipeline.place(), source, options, stop.get_token()),
                IsError(ErrorKind::cancelled));
    EXPECT_TRUE(pipeline.cuts().empty());
}

TEST(LandSnapshot, TakesNoFurtherChunkWhenItsHoldIsOver) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    auto snapshot = make_snapshot();
    snapshot->on_chunk = [&](const change::SnapshotChunk& chunk) {
        if (chunk.index == 2) {
            pipeline.clock.advance(std::chrono::seconds(5));
        }
        return Status();
    };
    ChunkOptions options = options_of(1);
    options.hold = std::chrono::seconds(5);
    ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options, {}, {}), IsOk());
    EXPECT_EQ(pipeline.state.chunks.size(), 3U);
    EXPECT_TRUE(pipeline.cuts().empty());
}

/// A snapshot that the source bears for five seconds; its second chunk takes that long.
std::unique_ptr<ScriptedSnapshot> make_slow_snapshot(TestPipeline& pipeline, bool with_keys) {
    const auto quick = make_snapshot();
    change::SnapshotPlan plan = quick->plan();
    plan.hold = std::chrono::seconds(5);
    std::map<catalog::TableName, std::shared_ptr<const catalog::TableContract>> contracts;
    for (change::SnapshotChunk& chunk : plan.chunks) {
        auto& contract = contracts[chunk.contract->name];
        if (contract == nullptr) {
            auto changed = std::make_shared<catalog::TableContract>(*chunk.contract);
            changed->identity = with_keys ? changed->identity : catalog::RowIdentity::none;
            for (catalog::Column& column : changed->columns) {
                column.in_key = with_keys && column.in_key;
            }
            contract = std::move(changed);
        }
        chunk.contract = contract;
    }
    auto snapshot = std::make_unique<ScriptedSnapshot>(std::move(plan));
    snapshot->rows = quick->rows;
    snapshot->on_chunk = [&](const change::SnapshotChunk& chunk) {
        if (chunk.index == 1) {
            pipeline.clock.advance(std::chrono::seconds(5));
        }
        return Status();
    };
    return snapshot;
}

TEST(LandSnapshot, TakesNoFurtherChunkWhenTheSourceBearsNoMore) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    const auto snapshot = make_slow_snapshot(pipeline, true);
    ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {}), IsOk());
    EXPECT_EQ(pipeline.state.chunks.size(), 2U);
    EXPECT_TRUE(pipeline.cuts().empty());
}

// It would begin again, and again, and never be read.
TEST(LandSnapshot, ReadsATableWithoutAKeyToItsEndWhateverTheTime) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    const auto snapshot = make_slow_snapshot(pipeline, false);
    ASSERT_THAT(land_snapshot(pipeline.place(), *snapshot, options_of(1), {}, {}), IsOk());
    EXPECT_EQ(pipeline.state.chunks.size(), 3U);
    EXPECT_TRUE(pipeline.cuts().empty());
}

// The process may die after the last chunk and before the cut.
TEST(LandSnapshot, ClosesAnAttemptWhoseChunksHaveLanded) {
    TestPipeline whole;
    ASSERT_THAT(whole.start(), IsOk());
    auto snapshot = make_snapshot();
    ASSERT_THAT(land_snapshot(whole.place(), *snapshot, options_of(1), {}, {}), IsOk());
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    std::uint64_t chunks = 0;
    ChunkOptions options = options_of(1);
    options.on_chunk = [&](const ChunkReport& chunk) {
        if (++chunks == chunk.chunks) {
            pipeline.store.die_after(0);
        }
    };
    EXPECT_FALSE(land_snapshot(pipeline.place(), *snapshot, options, {}, {}).has_value());
    pipeline.store.revive();
    ASSERT_THAT(pipeline.start(), IsOk());
    EXPECT_TRUE(pipeline.state.snapshot_complete());
    ASSERT_THAT(land_snapshot_cut(pipeline.place(), {}), IsOk());
    EXPECT_EQ(files_of(pipeline), files_of(whole));
    EXPECT_EQ(pipeline.cuts().at(0).changes, 80U);
}

}  // namespace
}  // namespace weir::landing
