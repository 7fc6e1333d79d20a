// Goal: a pipeline whose process died between the snapshot's last chunk and its cut begins anew;
// the stream has no position to start from.
#include "app/capture_stage.h"

#include <gtest/gtest.h>

#include "base/result_matchers.h"

namespace weir::app {
namespace {

class NeedsSnapshot : public ::testing::Test {
protected:
    void apply(const ledger::EntryBody& body) {
        const ledger::Run run{.id = "r", .stage = ledger::Stage::capture, .epoch = {1}, .time = {}};
        ASSERT_THAT(state_.apply({.body = body, .run = run}), IsOk());
    }

    ledger::PipelineState state_;
};

TEST_F(NeedsSnapshot, UntilTheCutOfItsChunksHasLanded) {
    EXPECT_TRUE(needs_snapshot(state_));
    apply(ledger::PipelineCreated{.pipeline = "p", .source = "s", .release = "r"});
    apply(ledger::LeaseTaken{});
    const change::Position position(100);
    apply(ledger::SnapshotStarted{
        .attempt = 1, .reading = {position, "1:1:", {}}, .chunks = 1, .chunk_blocks = 8});
    apply(ledger::ChunkLanded{.attempt = 1,
                              .table = {"s", "t"},
                              .chunk = 0,
                              .table_chunks = 1,
                              .position = position,
                              .rows = 0,
                              .files = {}});
    EXPECT_TRUE(state_.snapshot_complete());
    EXPECT_TRUE(needs_snapshot(state_));
    ledger::CutLanded cut;
    cut.cut = {1};
    cut.position = position;
    cut.snapshot_attempt = 1;
    apply(cut);
    EXPECT_FALSE(needs_snapshot(state_));
}

}  // namespace
}  // namespace weir::app
