// Goal: appending commits: what returned is there for everyone, once, in order; a replaced stage
// cannot append; what entries name by hash is what was stored.
// Method: several `Ledger` objects on one folder stand for several processes.
#include "ledger/ledger.h"

#include <numeric>
#include <utility>

#include "base/result_matchers.h"
#include "ledger/ledger_fixture.h"
#include "ledger/overtaken_store.h"
#include "ledger/tile.h"

namespace weir::ledger {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LedgerTest : public LedgerFixture {
protected:
    void SetUp() override { create(); }
};

TEST_F(LedgerTest, IsCreatedOnce) {
    EXPECT_THAT(Ledger::create(*store_, key_, {}, clock_), IsError(ErrorKind::already_exists));
    const auto entries = open()->read_from({}).value();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(std::get<PipelineCreated>(entries[0].body).pipeline, "claims");
}

TEST_F(LedgerTest, IsNotFoundInAnEmptyFolder) {
    const store::ScratchFolder empty;
    const auto store = store::LocalStore::open(empty.path()).value();
    EXPECT_THAT(Ledger::open(*store, key_, clock_), IsError(ErrorKind::not_found));
}

TEST_F(LedgerTest, OpensOnlyWithItsKey) {
    Seed seed{};
    seed[0] = std::byte{1};
    const SigningKey other = SigningKey::from_seed("example.com/claims", seed).value();
    EXPECT_THAT(Ledger::open(*store_, other, clock_), IsError(ErrorKind::denied));
}

TEST_F(LedgerTest, OthersSeeWhatWasAppended) {
    const auto writer = open();
    const auto reader = open();
    const Lease lease = writer->take_lease(Stage::capture).value();
    EXPECT_EQ(lease.epoch, Epoch{1});
    std::vector<std::uint64_t> expected;
    for (std::uint64_t number = 0; number < 600; number += 3) {
        const EntryBody bodies[] = {numbered(number), numbered(number + 1), numbered(number + 2)};
        ASSERT_THAT(writer->append(lease, bodies), HasValue(TreeSize{number + 5}));
        expected.insert(expected.end(), {number, number + 1, number + 2});
        if (number % 60 == 0) {
            EXPECT_EQ(numbers(reader->read_from({}).value()), expected);
        }
    }
    EXPECT_EQ(numbers(reader->read_from({}).value()), expected);
    EXPECT_THAT(numbers(open()->read_from({600}).value()), ElementsAre(598, 599));
    EXPECT_THAT(reader->read_from({602}), HasValue(IsEmpty()));
    EXPECT_THAT(reader->read_from({603}), IsError(ErrorKind::invalid));
}

TEST_F(LedgerTest, TakesManyEntriesInOneStep) {
    const auto ledger = open();
    const Lease lease = ledger->take_lease(Stage::capture).value();
    std::vector<EntryBody> bodies;
    bodies.reserve(1500);
    for (std::uint64_t number = 0; number < 1500; ++number) {
        bodies.push_back(numbered(number));
    }
    ASSERT_THAT(ledger->append(lease, bodies), HasValue(TreeSize{1502}));
    EXPECT_EQ(numbers(open()->read_from({}).value()).size(), 1500U);
    EXPECT_THAT(ledger->append(lease, {}), HasValue(TreeSize{1502}));
}

TEST_F(LedgerTest, StagesAppendInTurn) {
    const auto capture = open();
    const auto refine = open();
    const Lease capturing = capture->take_lease(Stage::capture).value();
    const Lease refining = refine->take_lease(Stage::refine).value();
    for (std::uint64_t number = 0; number < 20; number += 2) {
        const EntryBody even[] = {numbered(number)};
        const EntryBody odd[] = {numbered(number + 1)};
        ASSERT_THAT(capture->append(capturing, even), IsOk());
        ASSERT_THAT(refine->append(refining, odd), IsOk());
    }
    EXPECT_EQ(numbers(capture->read_from({}).value()), numbers(refine->read_from({}).value()));
    EXPECT_EQ(capture->size(), TreeSize{23});
}

TEST_F(LedgerTest, ANewerLeaseFencesOffTheOlder) {
    const auto old_process = open();
    const auto new_process = open();
    const Lease old_lease = old_process->take_lease(Stage::capture).value();
    const Lease other_stage = old_process->take_lease(Stage::load).value();
    const Lease new_lease = new_process->take_lease(Stage::capture).value();
    EXPECT_EQ(new_lease.epoch, Epoch{2});

    const EntryBody body[] = {numbered(7)};
    EXPECT_THAT(old_process->append(old_lease, body),
                IsError(ErrorKind::denied, HasSubstr("stage=capture, epoch=1, newest=2")));
    EXPECT_THAT(open()->append(old_lease, body), IsError(ErrorKind::denied));
    EXPECT_THAT(old_process->append(other_stage, body), IsOk());
    EXPECT_THAT(new_process->append(new_lease, body), IsOk());
    EXPECT_THAT(numbers(open()->read_from({}).value()), ElementsAre(7, 7));
}

TEST_F(LedgerTest, AReplacedProcessDoesNotComeBack) {
    const auto old_process = open();
    ASSERT_THAT(old_process->take_lease(Stage::capture), IsOk());
    EXPECT_EQ(old_process->take_lease(Stage::capture)->epoch, Epoch{2});
    const auto new_process = open();
    const Lease lease = new_process->take_lease(Stage::capture).value();
    EXPECT_THAT(old_process->take_lease(Stage::capture),
                IsError(ErrorKind::denied, HasSubstr("another process has taken")));
    EXPECT_THAT(new_process->append(lease, std::vector{numbered(1)}), IsOk());
    EXPECT_THAT(open()->take_lease(Stage::capture), IsOk());
}

TEST_F(LedgerTest, RefusesALeaseThatNobodyTook) {
    const EntryBody body[] = {numbered(7)};
    EXPECT_THAT(open()->append({.stage = Stage::load, .epoch = {}, .run_id = "x"}, body),
                IsError(ErrorKind::denied));
    EXPECT_THAT(open()->append({.stage = Stage::load, .epoch = {1}, .run_id = "x"}, body),
                IsError(ErrorKind::denied));
}

TEST_F(LedgerTest, FindsEpochsFarBack) {
    const Lease load = open()->take_lease(Stage::load).value();
    const auto ledger = open();
    const Lease lease = ledger->take_lease(Stage::capture).value();
    const std::vector<EntryBody> bodies(700, numbered(1));
    ASSERT_THAT(ledger->append(lease, bodies), IsOk());
    const EntryBody body[] = {numbered(7)};
    EXPECT_THAT(open()->append(load, body), IsOk());
    EXPECT_THAT(open()->take_lease(Stage::load).value().epoch, Epoch{2});
}

TEST_F(LedgerTest, LeavesNoLitter) {
    const auto ledger = open();
    const Lease lease = ledger->take_lease(Stage::capture).value();
    const EntryBody body[] = {numbered(1)};
    for (int count = 0; count < 300; ++count) {
        ASSERT_THAT(ledger->append(lease, body), IsOk());
    }
    ASSERT_THAT(ledger->finish(), IsOk());
    EXPECT_THAT(keys("ledger/tile/0/"), ElementsAre("ledger/tile/0/000", "ledger/tile/0/001.p/46"));
    EXPECT_THAT(keys("ledger/tile/1/"), ElementsAre("ledger/tile/1/000.p/1"));
    EXPECT_THAT(keys("ledger/tile/entries/"),
                ElementsAre("ledger/tile/entries/000", "ledger/tile/entries/001.p/46"));
    EXPECT_EQ(keys("ledger/").size(), 2 + 2 + 1 + 2U);  // With head and checkpoint.
}

TEST_F(LedgerTest, OnlyTheHeadIsWrittenUntilTheIntervalIsOver) {
    const auto ledger = open();
    const auto before = keys("ledger/");
    const Lease lease = ledger->take_lease(Stage::capture).value();
    const EntryBody body[] = {numbered(7)};
    const EntryBody next[] = {numbered(8)};
    ASSERT_THAT(ledger->append(lease, body), IsOk());
    EXPECT_EQ(keys("ledger/"), before);
    clock_.advance(Ledger::finish_interval);
    ASSERT_THAT(ledger->append(lease, next), IsOk());
    EXPECT_THAT(keys("ledger/tile/0/000.p/"), Contains("ledger/tile/0/000.p/3"));
    EXPECT_THAT(numbers(ledger->read_from({1}).value()), ElementsAre(7, 8));
    clock_.advance(Ledger::finish_interval);
    EXPECT_THAT(numbers(ledger->read_from({3}).value()), ElementsAre(8));
    EXPECT_THAT(keys("ledger/tile/0/000.p/"), Contains("ledger/tile/0/000.p/4"));
}

TEST_F(LedgerTest, OthersReadAndAppendToWhatIsNotFinished) {
    const auto one = open();
    const auto two = open();
    const Lease capture = one->take_lease(Stage::capture).value();
    const Lease refine = two->take_lease(Stage::refine).value();
    for (std::uint64_t number = 0; number < 400; number += 2) {
        const EntryBody even[] = {numbered(number)};
        const EntryBody odd[] = {numbered(number + 1)};
        ASSERT_THAT(one->append(capture, even), IsOk());
        ASSERT_THAT(two->append(refine, odd), IsOk());
        if (number % 46 == 0) {
            ASSERT_THAT((number % 4 == 0 ? one : two)->finish(), IsOk());
        }
    }
    std::vector<std::uint64_t> all(400);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(numbers(one->read_from({}).value()), all);
    EXPECT_EQ(numbers(two->read_from({}).value()), all);
    EXPECT_EQ(numbers(open()->read_from({}).value()), all);
}

TEST_F(LedgerTest, TheHeadStaysSmall) {
    const auto ledger = open();
    const Lease lease = ledger->take_lease(Stage::capture).value();
    const EntryBody body[] = {numbered(1)};
    std::size_t largest = 0;
    for (int count = 0; count < 400; ++count) {
        ASSERT_THAT(ledger->append(lease, body), IsOk());
        largest = std::max(largest, store_->read("ledger/head")->bytes.size());
    }
    EXPECT_LT(largest, 34'000U);
}

// Whoever opens finishes what head names; another one may have filled the tile by then.
TEST_F(LedgerTest, APartialTileMayBeGoneOnceItIsFull) {
    ASSERT_THAT(store_->remove("ledger/checkpoint"), IsOk());
    OvertakenStore overtaken(*store_, tile_key({.index = 0, .width = 1}));
    bool filled = false;
    overtaken.before_read = [&] {
        if (std::exchange(filled, true)) {
            return;
        }
        const auto other = open();
        const Lease lease = other->take_lease(Stage::refine).value();
        const std::vector<EntryBody> bodies(tile_width, numbered(7));
        ASSERT_THAT(other->append(lease, bodies), IsOk());
    };
    const auto ledger = Ledger::open(overtaken, key_, clock_);
    ASSERT_THAT(ledger, IsOk());
    EXPECT_TRUE(filled);
    EXPECT_THAT(keys("ledger/tile/entries/000.p"), IsEmpty());
    const Lease lease = (*ledger)->take_lease(Stage::capture).value();
    const EntryBody more[] = {numbered(8)};
    EXPECT_THAT((*ledger)->append(lease, more), IsOk());
    EXPECT_EQ(numbers(open()->read_from({}).value()).size(), tile_width + 1);
}

TEST_F(LedgerTest, RefusesAHeadThatWasTakenBack) {
    const auto before = store_->read("ledger/head").value();
    ASSERT_THAT(open()->take_lease(Stage::load), IsOk());
    const auto watching = open();
    const auto after = store_->read("ledger/head").value();
    ASSERT_THAT(store_->replace("ledger/head", after.version, before.bytes), IsOk());
    EXPECT_THAT(watching->read_from({}), IsError(ErrorKind::corrupt, HasSubstr("taken back")));
    EXPECT_THAT(Ledger::open(*store_, key_, clock_), IsError(ErrorKind::corrupt));
    ASSERT_THAT(store_->remove("ledger/head"), IsOk());
    EXPECT_THAT(Ledger::open(*store_, key_, clock_), IsError(ErrorKind::corrupt));
    EXPECT_THAT(Ledger::create(*store_, key_, {}, clock_), IsError(ErrorKind::corrupt));
}

TEST_F(LedgerTest, ListsOfFilesComeBack) {
    const auto ledger = open();
    std::vector<DataFile> files;
    for (std::uint32_t count = 0; count < 40; ++count) {
        const FileList list = ledger->store_files(files).value();
        EXPECT_EQ(std::holds_alternative<Manifest>(list), count > 8) << count;
        EXPECT_THAT(ledger->read_files(list), HasValue(files));
        files.push_back({.table = {"c", "t"}, .path = fmt::format("landing/c.t/{}", count)});
    }
    const FileList list = ledger->store_files(files).value();
    EXPECT_THAT(ledger->store_files(files), HasValue(list));
    const std::string key =
        fmt::format("ledger/manifests/{}.json", to_hex(std::get<Manifest>(list).sha256));
    ASSERT_THAT(store_->remove(key), IsOk());
    EXPECT_THAT(ledger->read_files(list), IsError(ErrorKind::corrupt, HasSubstr("missing")));
    ASSERT_THAT(create_object(*store_, key, {}), IsOk());
    EXPECT_THAT(ledger->read_files(list), IsError(ErrorKind::corrupt, HasSubstr("changed")));
}

TEST_F(LedgerTest, ContractsComeBack) {
    const auto ledger = open();
    const catalog::TableContract contract{
        .name = {"claims", "claim"}, .version = {3}, .columns = {}};
    const SchemaChanged entry = ledger->store_contract(contract).value();
    EXPECT_EQ(ledger->store_contract(contract).value().contract, entry.contract);
    EXPECT_EQ(catalog::to_json(ledger->read_contract(entry).value()), catalog::to_json(contract));

    SchemaChanged other = entry;
    other.contract[0] ^= std::byte{1};
    EXPECT_THAT(ledger->read_contract(other), IsError(ErrorKind::corrupt, HasSubstr("missing")));
}

}  // namespace
}  // namespace weir::ledger
