// Goal: of a ledger's entries one sees those that are all of what was asked for, in words.
#include "app/entry_filter.h"

#include "app/entry_line.h"
#include "base/result_matchers.h"
#include "ledger/ledger_fixture.h"

namespace weir::app {
namespace {

using namespace ledger;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EntryFilterTest : public LedgerFixture {
protected:
    void SetUp() override {
        create();
        ledger_ = open();
        lease_ = ledger_->take_lease(Stage::capture).value();
        for (std::uint64_t cut = 1; cut <= 4; ++cut) {
            clock_.advance(std::chrono::hours(1));
            append(CutLanded{.cut = {cut},
                             .position = change::Position(cut),
                             .commit_time = {},
                             .transactions = 1,
                             .changes = cut,
                             .snapshot_attempt = {},
                             .files = files(cut)});
        }
        append(CutRefined{.cut = {2}, .files = files(2), .quarantine = {}});
        append(CutsLoaded{.from = {0}, .to = {3}, .warehouse = "duckdb", .rows = 6});
        append(ReadingRequested{.table = {"c", "t3"}});
    }

    void append(const EntryBody& body) { ASSERT_THAT(ledger_->append(lease_, {&body, 1}), IsOk()); }
    /// Of table c.t<cut>; cut 3 has a manifest of ten.
    FileList files(std::uint64_t cut) {
        std::vector<DataFile> files(cut == 3 ? 10 : 1);
        for (std::size_t part = 0; part < files.size(); ++part) {
            files[part] = {.table = {"c", fmt::format("t{}", cut)},
                           .path = fmt::format("landing/{}-{}", cut, part)};
        }
        return ledger_->store_files(std::move(files)).value();
    }
    std::vector<std::uint64_t> wanted(const LedgerShowOptions& options) {
        const EntryFilter filter = EntryFilter::parse(options).value();
        std::vector<std::uint64_t> indexes;
        EXPECT_THAT(ledger_->read_each(filter.from(),
                                       [&](std::uint64_t index, const Entry& entry) -> Status {
                                           TRY_LET(const bool wants, filter.wants(entry, *ledger_));
                                           if (wants) {
                                               indexes.push_back(index);
                                           }
                                           return {};
                                       }),
                    IsOk());
        return indexes;
    }

    std::unique_ptr<Ledger> ledger_;
    Lease lease_;
};

TEST_F(EntryFilterTest, ChoosesByEachWordAndByAllOfThem) {
    EXPECT_EQ(wanted({}).size(), 9U);
    EXPECT_THAT(wanted({.cut = "2"}), ElementsAre(3, 6, 7));
    EXPECT_THAT(wanted({.cut = "3..4"}), ElementsAre(4, 5, 7));
    EXPECT_THAT(wanted({.cut = "4"}), ElementsAre(5));
    EXPECT_THAT(wanted({.table = "c.t3"}), ElementsAre(4, 8));
    EXPECT_THAT(wanted({.table = "c.t2"}), ElementsAre(3, 6));
    EXPECT_THAT(wanted({.kind = "cut landed"}), ElementsAre(2, 3, 4, 5));
    EXPECT_THAT(wanted({.since = "6"}), ElementsAre(6, 7, 8));
    EXPECT_THAT(wanted({.since = "2026-01-31T03:00"}), ElementsAre(4, 5, 6, 7, 8));
    EXPECT_THAT(wanted({.since = "2026-01-31 03:00:00Z"}), ElementsAre(4, 5, 6, 7, 8));
    EXPECT_THAT(wanted({.since = "2026-02-01"}), IsEmpty());
    EXPECT_THAT(wanted({.cut = "1..3", .table = "c.t2", .since = "4", .kind = "cut refined"}),
                ElementsAre(6));
}

TEST_F(EntryFilterTest, SaysHowAWordIsWritten) {
    for (const char* const cut : {"x", "3..", "..3", "4..3", "3.4", "-1"}) {
        EXPECT_THAT(EntryFilter::parse({.cut = cut}),
                    IsError(ErrorKind::invalid, HasSubstr("write 7 or 7..9")));
    }
    for (const char* const since : {"yesterday", "2026-13-01", "2026-01-31T99:00", "12:30"}) {
        EXPECT_THAT(EntryFilter::parse({.since = since}),
                    IsError(ErrorKind::invalid, HasSubstr("write an index, 2026-01-31")));
    }
    EXPECT_THAT(EntryFilter::parse({.table = "t"}), IsError(ErrorKind::invalid));
}

TEST_F(EntryFilterTest, ALineSaysWhatAnEntryIsAbout) {
    const auto entries = ledger_->read_from({}).value();
    EXPECT_EQ(entry_line(2, entries[2]).value(),
              "       2  2026-01-31T01:00:00.000000Z  cut landed         cut 1 at 0/1, 1 "
              "transaction, 1 change, 1 file of c.t1  [capture 1]");
    EXPECT_EQ(describe_entry(entries[4].body), "cut 3 at 0/3, 1 transaction, 3 changes, 10 files");
    EXPECT_EQ(describe_entry(entries[7].body), "cuts 1..3 into duckdb, 6 rows");
    EXPECT_EQ(entry_line(1, entries[1]).value(),
              "       1  2026-01-31T00:00:00.000000Z  lease taken        [capture 1]");
}

}  // namespace
}  // namespace weir::app
