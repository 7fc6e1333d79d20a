// Goal: the fold takes what can follow, refuses what cannot, and says why.
// Method: entries are applied to a state that earlier ones made; each refusal is one row.
#include "ledger/pipeline_state.h"

#include "base/result_matchers.h"
#include "ledger/ledger_fixture.h"

namespace weir::ledger {
namespace {

using ::testing::HasSubstr;

class PipelineStateTest : public LedgerFixture {
protected:
    Status apply(const EntryBody& body, Stage stage = Stage::capture, std::uint64_t epoch = 1) {
        return state_.apply(
            {.body = body, .run = {.id = "r", .stage = stage, .epoch = {epoch}, .time = {}}});
    }
    void begin() {
        ASSERT_THAT(apply(PipelineCreated{"claims", "s", "r"}, Stage::operate, 0), IsOk());
        ASSERT_THAT(apply(LeaseTaken{}), IsOk());
        ASSERT_THAT(apply(LeaseTaken{}, Stage::refine), IsOk());
        ASSERT_THAT(apply(LeaseTaken{}, Stage::load), IsOk());
    }
    static CutLanded cut(std::uint64_t number, std::uint64_t position) {
        return {.cut = {number},
                .position = change::Position(position),
                .commit_time = {},
                .transactions = 1,
                .changes = 1,
                .snapshot_attempt = {},
                .files = {}};
    }
    static CutRefined refined(std::uint64_t number) {
        return {.cut = {number},
                .read = 3,
                .refined = 2,
                .quarantined = 1,
                .files = {},
                .quarantine = {}};
    }
    static ChunkLanded chunk(std::uint32_t attempt, std::uint32_t index, std::uint64_t position,
                             const std::string& table = "t") {
        return {.attempt = attempt,
                .table = {"c", table},
                .chunk = index,
                .position = change::Position(position),
                .files = {}};
    }
    void expect_refused(const EntryBody& body, std::string_view reason,
                        Stage stage = Stage::capture, std::uint64_t epoch = 1) {
        EXPECT_THAT(apply(body, stage, epoch),
                    IsError(ErrorKind::corrupt, HasSubstr(std::string(reason))));
    }

    PipelineState state_;
};

TEST_F(PipelineStateTest, FollowsAPipeline) {
    begin();
    ASSERT_THAT(apply(SchemaChanged{{"c", "t"}, {1}, {}}), IsOk());
    ASSERT_THAT(apply(cut(1, 10)), IsOk());
    ASSERT_THAT(apply(PositionAdvanced{change::Position(20)}), IsOk());
    ASSERT_THAT(apply(cut(2, 30)), IsOk());
    ASSERT_THAT(apply(refined(1), Stage::refine), IsOk());
    ASSERT_THAT(apply(refined(2), Stage::refine), IsOk());
    ASSERT_THAT(apply(CutsLoaded{{0}, {2}, "duckdb", 4}, Stage::load), IsOk());
    EXPECT_EQ(state_.last_landed(), CutNumber{2});
    EXPECT_EQ(state_.last_refined(), CutNumber{2});
    EXPECT_EQ(state_.loaded, CutNumber{2});
    EXPECT_EQ(state_.position, change::Position(30));
    EXPECT_EQ(state_.current_contracts().size(), 1U);
    EXPECT_EQ(state_.applied, TreeSize{11});
}

TEST_F(PipelineStateTest, ASourceMayBeAnyUntilACutHasLandedAndThenOnlyGoesOn) {
    begin();
    ASSERT_THAT(apply(SourceIdentified{"one", 4, {}}), IsOk());
    ASSERT_THAT(apply(SourceIdentified{"two", 1, {}}), IsOk());
    ASSERT_THAT(apply(cut(1, 10)), IsOk());
    expect_refused(SourceIdentified{"one", 5, {}}, "the source is another one");
    expect_refused(SourceIdentified{"two", 1, {}}, "the source is another one");
    ASSERT_THAT(apply(SourceIdentified{"two", 2, change::Position(10)}), IsOk());
    EXPECT_EQ(state_.source->timeline, 2U);
}

TEST_F(PipelineStateTest, RefusesWhatCannotFollow) {
    EXPECT_THAT(apply(LeaseTaken{}), IsError(ErrorKind::corrupt, HasSubstr("create a pipeline")));
    begin();
    ASSERT_THAT(apply(cut(1, 10)), IsOk());
    ASSERT_THAT(apply(SchemaChanged{{"c", "t"}, {2}, {}}), IsOk());
    const TreeSize before = state_.applied;

    expect_refused(PipelineCreated{"claims", "s", "r"}, "exists already", Stage::operate, 0);
    expect_refused(LeaseTaken{}, "the epoch does not rise, epoch=1, before=1");
    expect_refused(cut(2, 20), "the run had no lease, stage=capture, epoch=2", Stage::capture, 2);
    expect_refused(cut(2, 20), "had no lease", Stage::quality, 1);
    expect_refused(cut(3, 20), "cut=3, last=1");
    expect_refused(cut(1, 20), "cut=1, last=1");
    expect_refused(cut(2, 9), "the position goes back, position=0/9, before=0/A");
    expect_refused(PositionAdvanced{change::Position(9)}, "the position goes back");
    expect_refused(SchemaChanged{{"c", "t"}, {1}, {}}, "version=1, newest=2");
    expect_refused(SnapshotStarted{1, {change::Position(20), "s", {}}, 1}, "no snapshot attempt");
    expect_refused(refined(2), "cut=2, last=0", Stage::refine);
    CutRefined dropping = refined(1);
    dropping.read = 4;
    expect_refused(dropping, "rows were dropped: read=4", Stage::refine);
    expect_refused(CutsLoaded{{0}, {1}, "duckdb", 1}, "the load does not follow", Stage::load);
    ASSERT_THAT(apply(refined(1), Stage::refine), IsOk());
    expect_refused(refined(2), "the cut has not landed, cut=2, landed=1", Stage::refine);
    expect_refused(CutsLoaded{{5}, {1}, "duckdb", 1}, "from=5, to=1", Stage::load);
    EXPECT_EQ(state_.applied, TreeSize{before.entries + 1});
    EXPECT_EQ(state_.position, change::Position(10));
}

TEST_F(PipelineStateTest, TheSnapshotsCutIsItsChunks) {
    begin();
    ASSERT_THAT(apply(SnapshotStarted{1, {change::Position(5), "s", {}}, 2}), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 5)), IsOk());
    expect_refused(chunk(1, 0, 5), "landed already, table=c.t, chunk=0");
    ASSERT_THAT(apply(SnapshotStarted{2, {change::Position(6), "s", {}}, 2}), IsOk());
    expect_refused(chunk(1, 1, 5), "no running snapshot attempt, attempt=1");
    ASSERT_THAT(apply(chunk(2, 0, 6)), IsOk());
    CutLanded first = cut(1, 6);
    first.snapshot_attempt = 2;
    EXPECT_FALSE(state_.snapshot_complete());
    expect_refused(first, "the snapshot is not whole, attempt=2, chunks=1");
    ASSERT_THAT(apply(LeaseTaken{}, Stage::capture, 2), IsOk());
    ASSERT_THAT(apply(chunk(2, 1, 6), Stage::capture, 2), IsOk());
    EXPECT_TRUE(state_.snapshot_complete());
    ASSERT_THAT(apply(first, Stage::capture, 2), IsOk());
    const LandedCut& landed = state_.landed.at({1});
    ASSERT_EQ(landed.files.size(), 3U);  // The last is of the window, and empty.
    EXPECT_EQ(landed.files[0].second, Epoch{1});
    EXPECT_EQ(landed.files[1].second, Epoch{2});
    EXPECT_TRUE(landed.pieced.empty());
}

TEST_F(PipelineStateTest, ASnapshotIsResumedWithAnotherReading) {
    begin();
    const auto resumed = [](std::uint64_t position, std::vector<catalog::TableName> restarted) {
        return SnapshotResumed{.attempt = 1,
                               .reading = {change::Position(position), "s", {}},
                               .chunks = 4,
                               .restarted = std::move(restarted)};
    };
    expect_refused(resumed(5, {}), "no such snapshot attempt is running");
    ASSERT_THAT(apply(SnapshotStarted{1, {change::Position(5), "s", {}}, 4}), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 5)), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 5, "keyless")), IsOk());
    expect_refused(resumed(4, {}), "the reading goes back, position=0/4, before=0/5");
    ASSERT_THAT(apply(resumed(8, {{"c", "keyless"}})), IsOk());
    expect_refused(chunk(1, 1, 5), "of another reading, position=0/5, reading=0/8");
    ASSERT_THAT(apply(chunk(1, 1, 8)), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 8, "keyless")), IsOk());
    ASSERT_THAT(apply(chunk(1, 1, 8, "keyless")), IsOk());
    EXPECT_TRUE(state_.snapshot_complete());
    CutLanded first = cut(1, 7);
    first.snapshot_attempt = 1;
    expect_refused(first, "ends before its last reading");
    first.position = change::Position(9);
    ASSERT_THAT(apply(first), IsOk());
    EXPECT_EQ(state_.landed.at({1}).pieced, (std::set<catalog::TableName>{{"c", "t"}}));
}

TEST_F(PipelineStateTest, CatchesUpFromWhereItStands) {
    create();
    const auto ledger = open();
    const Lease lease = ledger->take_lease(Stage::capture).value();
    for (std::uint64_t number = 1; number <= 3; ++number) {
        const EntryBody body[] = {cut(number, number)};
        ASSERT_THAT(ledger->append(lease, body), IsOk());
        ASSERT_THAT(catch_up(state_, *ledger), IsOk());
        EXPECT_EQ(state_.last_landed(), CutNumber{number});
        EXPECT_EQ(state_.applied, ledger->size());
    }
    PipelineState whole;
    ASSERT_THAT(catch_up(whole, *open()), IsOk());
    EXPECT_EQ(whole.applied, state_.applied);
}

TableSetAside set_aside(const std::string& table, std::uint64_t chunks = 0) {
    return {.table = {"c", table},
            .reason = change::AsideReason::requested,
            .detail = "",
            .chunks = chunks};
}

TEST_F(PipelineStateTest, ATableSetAsideComesBackWithTheCutOfItsChunks) {
    begin();
    ASSERT_THAT(apply(cut(1, 10)), IsOk());
    ASSERT_THAT(apply(set_aside("t")), IsOk());
    ASSERT_THAT(apply(cut(2, 20)), IsOk());
    ASSERT_THAT(apply(SnapshotStarted{1, {change::Position(25), "s", {}}, 1}), IsOk());
    expect_refused(chunk(1, 0, 25, "other"), "a table that is not set aside, table=c.other");
    ASSERT_THAT(apply(chunk(1, 0, 25)), IsOk());
    CutLanded closing = cut(3, 30);
    closing.snapshot_attempt = 1;
    EXPECT_TRUE(state_.is_aside({"c", "t"}, {2}));
    ASSERT_THAT(apply(closing), IsOk());
    EXPECT_FALSE(state_.is_aside({"c", "t"}, {1}));
    EXPECT_TRUE(state_.is_aside({"c", "t"}, {2}));
    EXPECT_FALSE(state_.is_aside({"c", "t"}, {3}));
    EXPECT_TRUE(state_.aside().empty());
    const LandedCut& landed = state_.landed.at({3});
    EXPECT_EQ(landed.returned, (std::map<catalog::TableName, CutNumber>{{{"c", "t"}, {2}}}));
    EXPECT_EQ(landed.reading.position, change::Position(25));
    EXPECT_EQ(landed.files.size(), 2U);
    expect_refused(SnapshotStarted{2, {change::Position(40), "s", {}}, 1}, "no snapshot attempt");
}

TEST_F(PipelineStateTest, ATableSetAsideWhileItIsReadWaitsForTheNextAttempt) {
    begin();
    ASSERT_THAT(apply(cut(1, 10)), IsOk());
    ASSERT_THAT(apply(set_aside("t")), IsOk());
    ASSERT_THAT(apply(set_aside("u")), IsOk());
    ASSERT_THAT(apply(SnapshotStarted{1, {change::Position(25), "s", {}}, 2}), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 25)), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 25, "u")), IsOk());
    ASSERT_THAT(apply(set_aside("t")), IsOk());
    CutLanded closing = cut(2, 30);
    closing.snapshot_attempt = 1;
    ASSERT_THAT(apply(closing), IsOk());
    EXPECT_EQ(state_.landed.at({2}).files.size(), 2U);
    EXPECT_TRUE(state_.is_aside({"c", "t"}, {2}));
    EXPECT_FALSE(state_.is_aside({"c", "u"}, {2}));
    ASSERT_THAT(apply(SnapshotStarted{2, {change::Position(40), "s", {}}, 1}), IsOk());
    ASSERT_THAT(apply(chunk(2, 0, 40)), IsOk());
    CutLanded next = cut(3, 50);
    next.snapshot_attempt = 2;
    ASSERT_THAT(apply(next), IsOk());
    EXPECT_EQ(state_.landed.at({3}).returned.at({"c", "t"}), CutNumber{2});
}

TEST_F(PipelineStateTest, ATableThatCannotBeReadDoesNotHoldItsAttempt) {
    begin();
    ASSERT_THAT(apply(SnapshotStarted{1, {change::Position(5), "s", {}}, 3}), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 5)), IsOk());
    ASSERT_THAT(apply(chunk(1, 0, 5, "u")), IsOk());
    expect_refused(set_aside("t", 4), "more chunks are given up than there are, table=c.t");
    ASSERT_THAT(apply(set_aside("t", 2)), IsOk());
    EXPECT_TRUE(state_.snapshot_complete());
    CutLanded first = cut(1, 6);
    first.snapshot_attempt = 1;
    ASSERT_THAT(apply(first), IsOk());
    EXPECT_EQ(state_.landed.at({1}).files.size(), 2U);
    EXPECT_TRUE(state_.is_aside({"c", "t"}, {1}));
    expect_refused(set_aside("t", 1), "more chunks are given up");
}

TEST_F(PipelineStateTest, AfterALostLogItGoesOnAtAnyPositionOfAnyServer) {
    begin();
    expect_refused(LogLost{change::Position(0), change::Position(5), {"two", 1, {}}},
                   "begins elsewhere");
    ASSERT_THAT(apply(SourceIdentified{"one", 1, {}}), IsOk());
    ASSERT_THAT(apply(cut(1, 10)), IsOk());
    ASSERT_THAT(apply(set_aside("t")), IsOk());
    ASSERT_THAT(apply(cut(2, 20)), IsOk());
    expect_refused(LogLost{change::Position(10), change::Position(5), {"two", 1, {}}},
                   "begins elsewhere");
    ASSERT_THAT(apply(LogLost{change::Position(20), change::Position(5), {"two", 1, {}}}), IsOk());
    EXPECT_EQ(state_.source->system, "two");
    EXPECT_EQ(state_.aside().at({"c", "t"}).since, CutNumber{3});
    ASSERT_THAT(apply(cut(3, 7)), IsOk());
}

}  // namespace
}  // namespace weir::ledger
