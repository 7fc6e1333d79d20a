// Goal: a table that is set aside is read on a thread of its own while the log is read, and comes
// back with a cut of the log; one that cannot be read holds nobody.
#include "landing/table_readings.h"

#include "landing/land_snapshot.h"
#include "landing/landing_fixture.h"

namespace weir::landing {
namespace {

using change::Position;

const catalog::TableName extra{"claims", "extra"};

std::unique_ptr<ScriptedSnapshot> reading_of(const std::string& table, std::uint64_t position) {
    const auto contract = test_contract(table);
    auto reading = std::make_unique<ScriptedSnapshot>(
        change::SnapshotPlan{.position = Position(position),
                             .snapshot = "700:700:",
                             .time = Timestamp{std::chrono::days(20'000)},
                             .chunks = {{.contract = contract, .index = 0, .table_chunks = 1}}});
    reading->rows[{contract->name, 0}] = test_rows(contract, position, 1, 20).rows;
    return reading;
}

/// Has a table more than the pipeline's first snapshot.
class ScriptedTables final : public change::TableSource {
public:
    std::vector<std::vector<catalog::TableName>> begun;
    std::vector<ErrorKind> failures;  // Of the chunks, one reading after the other.

    Result<std::vector<catalog::TableName>> find_tables() override {
        return std::vector<catalog::TableName>{{"claims", "claim"}, extra};
    }
    Result<std::unique_ptr<change::SnapshotSource>> begin(const Request& request,
                                                          const std::stop_token&) override {
        begun.push_back(request.tables);
        auto reading = reading_of(request.tables.front().table, 7000);
        if (begun.size() <= failures.size()) {
            reading->on_chunk = [kind = failures[begun.size() - 1]](const auto&) -> Status {
                return fail(kind, "no");
            };
        }
        return std::unique_ptr<change::SnapshotSource>(std::move(reading));
    }
};

/// Ends a cut whenever it is asked. No clock moves: the threads share it.
class AtEachLook final : public CutSchedule {
public:
    Status begin_cut(Position) override { return {}; }
    Status accept(Position) override { return {}; }
    bool ends_here(const change::CutProgress&) override { return true; }
};

class TableReadingsTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_THAT(pipeline.start(), IsOk());
        auto first = reading_of("claim", 5000);
        ASSERT_THAT(land_snapshot(pipeline.place(), *first, {.workers = 1}, {}, {}), IsOk());
    }

    Status follow_log(ScriptedTables& tables) {
        ScriptedSource source(log, pipeline.state.position, Position(9000));
        AtEachLook schedule;
        StreamOptions options;
        options.spill_folder = pipeline.folder.path();
        options.until = Position(6008);
        options.tables = &tables;
        options.readings = {.chunks = {.workers = 2}, .ends_at_error = true};
        const Status landed = land_stream(pipeline.place(), source, schedule, options, {});
        learned = source.learned;
        return landed;
    }

    template <typename Body>
    std::vector<Body> entries() {
        std::vector<Body> found;
        for (const ledger::Entry& entry : pipeline.entries()) {
            if (const auto* body = std::get_if<Body>(&entry.body)) {
                found.push_back(*body);
            }
        }
        return found;
    }

    TestPipeline pipeline;
    std::vector<ScriptedTransaction> log{
        {.end = Position(6008),
         .commit_time = Timestamp{std::chrono::days(20'001)},
         .schema_changes = {},
         .batches = {test_rows(test_contract("claim"), 6000, 7, 3)}}};
    std::vector<std::shared_ptr<const catalog::TableContract>> learned;
};

TEST_F(TableReadingsTest, ANewTableComesWithACutThatNamesItsAttempt) {
    ScriptedTables tables;
    ASSERT_THAT(follow_log(tables), IsOk());
    EXPECT_EQ(tables.begun, (std::vector<std::vector<catalog::TableName>>{{extra}}));
    const auto aside = entries<ledger::TableSetAside>();
    ASSERT_EQ(aside.size(), 1U);
    EXPECT_EQ(aside[0].reason, change::AsideReason::added);
    const ledger::CutLanded last = pipeline.cuts().back();
    EXPECT_EQ(last.snapshot_attempt, 2U);
    EXPECT_GE(last.position, Position(7000));
    EXPECT_TRUE(pipeline.state.aside().empty());
    EXPECT_TRUE(pipeline.state.landed.rbegin()->second.returned.contains(extra));
    ASSERT_EQ(learned.size(), 1U);
    EXPECT_EQ(learned[0]->name, extra);
}

TEST_F(TableReadingsTest, ATableThatCannotBeReadStaysAsideAndTheLogGoesOn) {
    ScriptedTables tables;
    tables.failures = {ErrorKind::denied};
    ASSERT_THAT(follow_log(tables), IsOk());
    const auto aside = entries<ledger::TableSetAside>();
    ASSERT_EQ(aside.size(), 2U);
    EXPECT_EQ(aside[1].reason, change::AsideReason::unreadable);
    EXPECT_EQ(aside[1].detail, "denied: no");
    EXPECT_EQ(aside[1].chunks, 1U);
    EXPECT_TRUE(pipeline.state.aside().contains(extra));
    EXPECT_EQ(pipeline.state.position, Position(9000));
    // The next process tries again.
    ASSERT_THAT(pipeline.start(), IsOk());
    ScriptedTables better;
    ASSERT_THAT(follow_log(better), IsOk());
    EXPECT_TRUE(pipeline.state.aside().empty());
}

TEST_F(TableReadingsTest, AnErrorThatIsNoTablesOwnEndsAOneShotRun) {
    ScriptedTables tables;
    tables.failures = {ErrorKind::unavailable};
    EXPECT_THAT(follow_log(tables), IsError(ErrorKind::unavailable));
}

}  // namespace
}  // namespace weir::landing
