#include "landing/land_stream.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "landing/landing_fixture.h"

namespace weir::landing {
namespace {

using change::Position;

constexpr columnar::PartSize small{.row_group = {.rows = 8, .text_bytes = 1 << 20},
                                   .row_groups = 2};

Timestamp second(std::uint64_t seconds) {
    return Timestamp{std::chrono::seconds(seconds)};
}

/// Twelve transactions over two tables; the seventh gives `claim` a new column.
std::vector<ScriptedTransaction> make_log() {
    const auto claim = test_contract("claim");
    const auto line = test_contract("claim_line");
    std::vector<ScriptedTransaction> log;
    for (std::uint64_t number = 1; number <= 12; ++number) {
        const auto shape = number < 7 ? claim : test_contract("claim", 2);
        const int id = static_cast<int>(number) * 100;
        ScriptedTransaction transaction{.end = Position(number * 1000 + 8),
                                        .commit_time = second(number * 1000),
                                        .schema_changes = {},
                                        .batches = {test_rows(shape, number * 1000, id, 3)}};
        if (number % 2 == 0) {
            transaction.batches.push_back(test_rows(line, number * 1000, id, 20));
        }
        if (number == 1) {
            transaction.schema_changes = {claim, line};
        } else if (number == 7) {
            transaction.schema_changes = {shape};
        }
        log.push_back(std::move(transaction));
    }
    return log;
}

/// Ends a cut after every three transactions.
class EveryThird final : public CutSchedule {
public:
    Status begin_cut(Position) override { return {}; }
    bool ends_here(const change::CutProgress& progress) override {
        return progress.transactions == 3;
    }
    Status accept(Position) override { return {}; }
};

StreamOptions options_of(const TestPipeline& pipeline) {
    return {.spill_folder = pipeline.folder.path(),
            .until = Position(12'008),
            .part_size = small,
            .on_cut = {},
            .on_position = {}};
}

Status land(TestPipeline& pipeline, CutSchedule& schedule, std::uint32_t seed = 0) {
    static const auto log = make_log();
    ScriptedSource source(log, pipeline.state.position, Position(20'000), seed);
    return land_stream(pipeline.place(), source, schedule, options_of(pipeline), {});
}

using Objects = std::map<std::string, std::vector<std::byte>, std::less<>>;

Objects landed_objects(const TestPipeline& pipeline) {
    Objects landed;
    for (const auto& [key, bytes] : pipeline.store.objects()) {
        if (key.starts_with("landing/")) {
            landed.emplace(key, bytes);
        }
    }
    return landed;
}

/// Everything of the entries but their run.
std::string text_of(const std::vector<ledger::CutLanded>& cuts) {
    std::string text;
    for (const ledger::CutLanded& cut : cuts) {
        text += *ledger::format_entry({.body = cut, .run = {.id = "", .time = {}}}) + "\n";
    }
    return text;
}

// The cuts follow each other, end at transactions, and name files that hold their rows; a table
// without changes has none.
TEST(LandStream, LandsCutsThatReconcile) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    EveryThird schedule;
    ASSERT_THAT(land(pipeline, schedule), IsOk());
    const auto cuts = pipeline.cuts();
    ASSERT_EQ(cuts.size(), 4U);
    std::uint64_t rows = 0;
    for (std::size_t index = 0; index < cuts.size(); ++index) {
        EXPECT_EQ(cuts[index].cut.value, index + 1);
        EXPECT_EQ(cuts[index].position, Position((index + 1) * 3000 + 8));
        EXPECT_EQ(cuts[index].commit_time, second((index + 1) * 3000));
        EXPECT_EQ(cuts[index].transactions, 3U);
        std::uint64_t file_rows = 0;
        const auto listed = *pipeline.ledger->read_files(cuts[index].files);
        for (const auto& file : listed) {
            file_rows += file.rows;
        }
        EXPECT_EQ(file_rows, cuts[index].changes);
        rows += cuts[index].changes;
    }
    EXPECT_EQ(rows, 12U * 3 + 6 * 20);
    EXPECT_EQ(pipeline.state.position, Position(12'008));
}

// A file has one shape: the cut with the schema change has a part for each, and the new contract is
// in the ledger before the cut.
TEST(LandStream, SchemaChangeBeginsANewPartAndComesFirst) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    EveryThird schedule;
    ASSERT_THAT(land(pipeline, schedule), IsOk());
    const auto files = *pipeline.ledger->read_files(pipeline.cuts()[2].files);
    ASSERT_GE(files.size(), 1U);
    EXPECT_EQ(files[0].schema_version.number, 2U);
    const auto entries = pipeline.entries();
    std::vector<std::string> kinds;
    kinds.reserve(entries.size());
    for (const auto& entry : entries) {
        kinds.emplace_back(ledger::kind_of(entry.body));
    }
    EXPECT_THAT(kinds, testing::ElementsAre("pipeline created", "lease taken", "schema changed",
                                            "schema changed", "cut landed", "cut landed",
                                            "schema changed", "cut landed", "cut landed"));
}

// Golden: names, sizes and hashes of the files of a known log, as the entries have them. A change
// here changes what a second capture with this release gives. WEIR_REWRITE_GOLDEN=1 rewrites it.
TEST(LandStream, FilesAreThoseOfThisRelease) {
    const std::string path = WEIR_GOLDEN_DIR "/landed_file/cuts.ndjson";
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    EveryThird schedule;
    ASSERT_THAT(land(pipeline, schedule), IsOk());
    const std::string text = text_of(pipeline.cuts());
    if (::getenv("WEIR_REWRITE_GOLDEN") != nullptr) {
        std::ofstream(path) << text;
    }
    std::ifstream file(path);
    const std::string expected(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(text, expected);
}

// Property: however rows arrive, the files and the entries are the same.
TEST(LandStream, AnyBatchingLandsTheSame) {
    TestPipeline whole;
    ASSERT_THAT(whole.start(), IsOk());
    EveryThird thirds;
    ASSERT_THAT(land(whole, thirds), IsOk());
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        TestPipeline pipeline;
        ASSERT_THAT(pipeline.start(), IsOk());
        EveryThird schedule;
        ASSERT_THAT(land(pipeline, schedule, seed), IsOk());
        EXPECT_EQ(landed_objects(pipeline), landed_objects(whole)) << "seed " << seed;
        EXPECT_EQ(text_of(pipeline.cuts()), text_of(whole.cuts())) << "seed " << seed;
    }
}

// Capturing the same range again, with the boundaries that the first ledger holds.
TEST(LandStream, RecordedBoundariesLandTheSameAgain) {
    TestPipeline first;
    ASSERT_THAT(first.start(), IsOk());
    EveryThird thirds;
    ASSERT_THAT(land(first, thirds), IsOk());
    std::vector<Position> ends;
    for (const auto& cut : first.cuts()) {
        ends.push_back(cut.position);
    }
    TestPipeline second_capture;
    ASSERT_THAT(second_capture.start(), IsOk());
    RecordedBoundary recorded(ends);
    ASSERT_THAT(land(second_capture, recorded, 5), IsOk());
    EXPECT_EQ(landed_objects(second_capture), landed_objects(first));
    EXPECT_EQ(text_of(second_capture.cuts()), text_of(first.cuts()));
}

// A recorded position inside no transaction of this log stops before anything is committed for it.
TEST(LandStream, RefusesRecordedBoundariesOfAnotherLog) {
    for (const std::uint64_t wrong : {3'500U, 30'000U}) {
        TestPipeline pipeline;
        ASSERT_THAT(pipeline.start(), IsOk());
        RecordedBoundary recorded({Position(2'008), Position(wrong), Position(40'000)});
        static const auto log = make_log();
        ScriptedSource source(log, {}, Position(50'000), 0);
        auto options = options_of(pipeline);
        options.until.reset();
        EXPECT_THAT(land_stream(pipeline.place(), source, recorded, options, {}),
                    IsError(ErrorKind::invalid, testing::HasSubstr("cannot capture again")));
        EXPECT_EQ(pipeline.cuts().size(), 1U) << wrong;
    }
}

// Fault loop: the process dies at the n-th write to the store, for every n; then runs again. Each
// change is in exactly one cut, and the cuts are those of an undisturbed run.
TEST(LandStream, DyingAtAnyWriteLandsEachChangeOnce) {
    TestPipeline whole;
    ASSERT_THAT(whole.start(), IsOk());
    EveryThird thirds;
    ASSERT_THAT(land(whole, thirds), IsOk());
    std::uint64_t deaths = 0;
    for (std::uint64_t writes = 0;; ++writes) {
        TestPipeline pipeline;
        pipeline.store.die_after(writes);
        EveryThird schedule;
        Status outcome = pipeline.start();
        if (outcome) {
            outcome = land(pipeline, schedule);
        }
        if (outcome) {
            break;
        }
        ++deaths;
        pipeline.store.revive();
        ASSERT_THAT(pipeline.start(), IsOk());
        ASSERT_THAT(land(pipeline, schedule), IsOk()) << writes;
        EXPECT_EQ(text_of(pipeline.cuts()), text_of(whole.cuts())) << writes;
    }
    EXPECT_GT(deaths, 12U);
}

/// Stops the read when the source falls silent for the n-th time.
TEST(LandStream, RecordsThePositionOfASilentLogNowAndThen) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    const auto log = make_log();
    ScriptedSource source(log, {}, Position(20'000), 0);
    std::stop_source stop;
    int silences = 0;
    source.on_silence = [&] {
        pipeline.clock.advance(std::chrono::seconds(1));
        if (++silences == 40) {
            stop.request_stop();
        }
    };
    IntervalBoundary schedule(pipeline.clock, {});
    auto options = options_of(pipeline);
    options.until.reset();
    ASSERT_THAT(land_stream(pipeline.place(), source, schedule, options, stop.get_token()), IsOk());
    // One cut with all transactions, whose position is the last one's end and not the silence's.
    ASSERT_EQ(pipeline.cuts().size(), 1U);
    EXPECT_EQ(pipeline.cuts()[0].position, Position(12'008));
    EXPECT_EQ(pipeline.state.position, Position(20'000));
    EXPECT_EQ(source.acknowledged, Position(20'000));
    const auto entries = pipeline.entries();
    EXPECT_EQ(std::ranges::count_if(entries,
                                    [](const ledger::Entry& entry) {
                                        return std::holds_alternative<ledger::PositionAdvanced>(
                                            entry.body);
                                    }),
              1);
}

TEST(LandStream, StopLandsWhatWasRead) {
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    const auto log = make_log();
    ScriptedSource source(log, {}, {}, 0);
    std::stop_source stop;
    source.on_silence = [&] { stop.request_stop(); };
    IntervalBoundary schedule(pipeline.clock, {});
    auto options = options_of(pipeline);
    options.until.reset();
    ASSERT_THAT(land_stream(pipeline.place(), source, schedule, options, stop.get_token()), IsOk());
    ASSERT_EQ(pipeline.cuts().size(), 1U);
    EXPECT_EQ(pipeline.cuts()[0].transactions, 12U);
}

// A source that counts otherwise than it writes is not believed.
TEST(LandStream, RefusesCutsWhoseCountsDiffer) {
    class Miscounting final : public change::ChangeSource {
    public:
        Result<change::CutEnd> read_cut(change::CutBoundary&, change::ChangeSink& sink,
                                        const std::stop_token&) override {
            const auto contract = test_contract("claim");
            TRY(sink.schema_changed(contract));
            TRY(sink.write(test_rows(contract, 10, 1, 3)));
            return change::CutEnd{.position = Position(11),
                                  .transactions = 1,
                                  .changes = 4,
                                  .commit_time = second(1)};
        }
        Status acknowledge(Position) override { return {}; }
        Status learn(std::shared_ptr<const catalog::TableContract>) override { return {}; }
    };
    TestPipeline pipeline;
    ASSERT_THAT(pipeline.start(), IsOk());
    Miscounting source;
    EveryThird schedule;
    EXPECT_THAT(land_stream(pipeline.place(), source, schedule, options_of(pipeline), {}),
                IsError(ErrorKind::internal, testing::HasSubstr("counted=4, given=3")));
    EXPECT_TRUE(pipeline.cuts().empty());
}

}  // namespace
}  // namespace weir::landing
