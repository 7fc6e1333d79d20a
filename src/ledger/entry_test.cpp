// Goal: one entry has one text, which comes back as the entry it was; no other text is read.
// Method: one golden text per kind; then those texts, changed.
#include "ledger/entry.h"

#include <gtest/gtest.h>

#include <random>

#include "base/result_matchers.h"

namespace weir::ledger {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view run_text =
    R"("run":{"epoch":3,"id":"r","stage":"capture","time":"2026-01-31T23:59:59.000001Z"})";

Run known_run() {
    using std::chrono::year;
    return {.id = "r",
            .stage = Stage::capture,
            .epoch = {3},
            .time = Timestamp(std::chrono::sys_days(year(2026) / 2 / 1)) -
                    std::chrono::microseconds(999'999)};
}

DataFile known_file() {
    return {.table = {"c", "t"}, .path = "landing/x", .rows = 1, .bytes = 2, .schema_version = {4}};
}

struct Case {
    EntryBody body;
    std::string before_run;  // Fields that sort before "run", with "kind".
    std::string after_run;
};

// NOLINTNEXTLINE(readability-function-size): one table, read row by row.
std::vector<Case> cases() {
    const std::string zeros(64, '0');
    const std::string file = fmt::format(
        R"({{"bytes":2,"path":"landing/x","rows":1,"schema_version":4,"sha256":"{}","table":"c.t"}})",
        zeros);
    const change::Position position(0x16'B374'D848);
    return {
        {PipelineCreated{"claims", "postgres", "0.1.0"},
         R"("kind":"pipeline created","pipeline":"claims","release":"0.1.0",)",
         R"(,"source":"postgres")"},
        {LeaseTaken{}, R"("kind":"lease taken",)", ""},
        {SchemaChanged{{"c", "t"}, {2}, {}},
         fmt::format(R"("contract":"{}","kind":"schema changed",)", zeros),
         R"(,"table":"c.t","version":2)"},
        {SnapshotStarted{1, {position, "10:20:", known_run().time}, 7, 8},
         R"("attempt":1,"chunk_blocks":8,"chunks":7,"kind":"snapshot started","position":"16/B374D848",)",
         R"(,"snapshot":"10:20:","time":"2026-01-31T23:59:59.000001Z")"},
        {SnapshotResumed{1, {position, "10:20:", known_run().time}, 7, {{"c", "t"}}},
         R"("attempt":1,"chunks":7,"kind":"snapshot resumed","position":"16/B374D848","restarted":["c.t"],)",
         R"(,"snapshot":"10:20:","time":"2026-01-31T23:59:59.000001Z")"},
        {ChunkLanded{1, {"c", "t"}, 0, 9, position, 6, 5, std::vector{known_file()}},
         fmt::format(
             R"("attempt":1,"chunk":0,"files":[{}],"kind":"chunk landed","position":"16/B374D848","rows":5,)",
             file),
         R"(,"storage":6,"table":"c.t","table_chunks":9)"},
        {CutLanded{{9}, position, known_run().time, 3, 4, std::nullopt, Manifest{{}, 12}},
         fmt::format(
             R"("changes":4,"commit_time":"2026-01-31T23:59:59.000001Z","cut":9,"files":{{"files":12,"manifest":"{}"}},"kind":"cut landed","position":"16/B374D848",)",
             zeros),
         R"(,"snapshot_attempt":null,"transactions":3)"},
        {PositionAdvanced{position}, R"("kind":"position advanced","position":"16/B374D848",)", ""},
        {CutRefined{{1}, 4, 1, 2, 1, {}, {}},
         R"("cut":1,"deduplicated":1,"files":[],"kind":"cut refined","quarantine":[],"quarantined":2,"read":4,"refined":1,)",
         ""},
        {CutsLoaded{{0}, {2}, "duckdb", 8}, R"("from":0,"kind":"cuts loaded","rows":8,)",
         R"(,"to":2,"warehouse":"duckdb")"},
        {ModelsBuilt{{1}, "claims", true, 2, 3, 4},
         R"("cut":1,"kind":"models built","models":2,"project":"claims",)",
         R"(,"succeeded":true,"tests_failed":4,"tests_passed":3)"},
        {ChecksRun{{1}, "s", false, 2, 1},
         R"("cut":1,"expectations":2,"failed":1,"kind":"checks run",)",
         R"(,"succeeded":false,"suite":"s")"},
        {Published{{1}, "gold"}, R"("cut":1,"file":"gold","kind":"published",)", ""},
        {Reconciled{{1}, position, true, 9},
         R"("cut":1,"equal":true,"kind":"reconciled","position":"16/B374D848",)", R"(,"tables":9)"},
        {DataRead{"me", {}, 5}, R"("kind":"data read","principal":"me","rows":5,)",
         fmt::format(R"(,"statement":"{}")", zeros)},
        {SourceIdentified{"7713326685622389875", 2, position}, R"("kind":"source identified",)",
         R"(,"system":"7713326685622389875","timeline":2,"timeline_begin":"16/B374D848")"},
        {LogLost{position, change::Position(16), {"77", 2, position}},
         R"("before":"16/B374D848","kind":"log lost","position":"0/10",)",
         R"(,"system":"77","timeline":2,"timeline_begin":"16/B374D848")"},
        {ReadingRequested{{"claims", "claim"}}, R"("kind":"reading requested",)",
         R"(,"table":"claims.claim")"},
        {TableSetAside{{"claims", "claim"}, change::AsideReason::requested, "", 3},
         R"("chunks":3,"detail":"","kind":"table set aside","reason":"requested",)",
         R"(,"table":"claims.claim")"},
        {KeyRotated{"log+1+A", "log+2+B", "C", "D"},
         R"("after":"log+2+B","after_signature":"D","before":"log+1+A","before_signature":"C","kind":"key rotated",)",
         ""},
    };
}

std::string text_of(const Case& known) {
    return fmt::format("{{{}{}{}}}", known.before_run, run_text, known.after_run);
}

TEST(EntryTest, EachKindHasItsText) {
    ASSERT_EQ(cases().size(), std::variant_size_v<EntryBody>);
    for (const Case& known : cases()) {
        const std::string text = text_of(known);
        EXPECT_THAT(format_entry({.body = known.body, .run = known_run()}), HasValue(text));
        const auto parsed = parse_entry(text);
        ASSERT_THAT(parsed, IsOk()) << text;
        EXPECT_EQ(parsed->body.index(), known.body.index());
        EXPECT_THAT(format_entry(*parsed), HasValue(text));
    }
}

TEST(EntryTest, ReadsNoOtherTextOfTheSameEntry) {
    for (const Case& known : cases()) {
        const std::string text = text_of(known);
        for (const std::string& other : {text + " ", " " + text, text.substr(0, text.size() - 1),
                                         text.substr(0, text.size() - 1) + R"(,"zz":1})"}) {
            EXPECT_THAT(parse_entry(other), IsError(ErrorKind::corrupt)) << other;
        }
    }
    EXPECT_THAT(parse_entry("[]"), IsError(ErrorKind::corrupt));
    EXPECT_THAT(parse_entry(""), IsError(ErrorKind::corrupt));
    EXPECT_THAT(parse_entry(std::string(5000, ' ')), IsError(ErrorKind::corrupt));
}

TEST(EntryTest, NeverReadsAChangedByteAsTheSame) {
    std::mt19937 random(42);
    for (const Case& known : cases()) {
        const std::string text = text_of(known);
        for (std::size_t offset = 0; offset < text.size(); ++offset) {
            std::string tampered = text;
            tampered[offset] = static_cast<char>(' ' + random() % 95);
            if (const auto parsed = parse_entry(tampered)) {
                EXPECT_THAT(format_entry(*parsed), HasValue(tampered));
            }
        }
    }
}

TEST(EntryTest, AsksForALaterReleaseOnUnknownKinds) {
    EXPECT_THAT(parse_entry(fmt::format(R"({{"kind":"files compacted",{}}})", run_text)),
                IsError(ErrorKind::unsupported, HasSubstr("later")));
}

TEST(EntryTest, RefusesToWriteWhatNobodyCouldRead) {
    const auto format = [](const EntryBody& body) {
        return format_entry({.body = body, .run = known_run()});
    };
    EXPECT_THAT(format(Published{{1}, std::string(4096, 'x')}),
                IsError(ErrorKind::invalid, HasSubstr("too long")));
    EXPECT_THAT(format(Published{{1}, "\xff"}), IsError(ErrorKind::invalid, HasSubstr("UTF-8")));
    EXPECT_THAT(format(DataRead{"me", {}, std::uint64_t{1} << 53U}),
                IsError(ErrorKind::invalid, HasSubstr("rows: a count is past 2^53-1")));
    EXPECT_THAT(format(DataRead{"me", {}, (std::uint64_t{1} << 53U) - 1}), IsOk());
}

TEST(EntryTest, NamesFilesByEpoch) {
    EXPECT_EQ(stored_key("landing/x", {7}), "landing/x-e7.parquet");
    EXPECT_EQ(sealed_key("quarantine/x", {7}), "quarantine/x-e7.parquet.sealed");
}

// What a file is bound to is known before its partitions are.
TEST(DataFile, IsBoundToItsPathWithoutPartitions) {
    EXPECT_EQ(bound_name("landing/c.t/year=2026/month=01/day=31/cut-000000000001-part-0001"),
              "landing/c.t/cut-000000000001-part-0001");
    EXPECT_EQ(bound_name("processing/c.t/load_dt=2026-01-31/cut-1"), "processing/c.t/cut-1");
    EXPECT_EQ(bound_name("plain"), "plain");
    EXPECT_EQ(bound_name(""), "");
}

}  // namespace
}  // namespace weir::ledger
