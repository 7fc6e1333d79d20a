// Goal: a receipt proves what it says to somebody who has the ledger's key and nothing else; with
// any byte of it changed it proves nothing.
// Method: a ledger with cuts, a snapshot and a long list of files; receipts out of it, changed byte
// by byte and field by field.
#include "ledger/receipt.h"

#include <algorithm>
#include <tuple>

#include "base/result_matchers.h"
#include "ledger/head.h"
#include "ledger/key_file.h"
#include "ledger/ledger_fixture.h"
#include "ledger/receipt_book.h"
#include "ledger/tlog_proof.h"

namespace weir::ledger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReceiptTest : public LedgerFixture {
protected:
    void SetUp() override {
        create();
        ledger_ = open();
        lease_ = ledger_->take_lease(Stage::capture).value();
        append(SnapshotStarted{.attempt = 1, .reading = {}, .chunks = 2});
        append(chunk(0));
        append(chunk(1));
        CutLanded first = landed(1, 0);
        first.snapshot_attempt = 1;
        append(first);
        append(landed(2, 1));
        append(landed(3, 12));
        refine_ = ledger_->take_lease(Stage::refine).value();
        append(refine_, CutRefined{.cut = {1}, .files = {}, .quarantine = {}});
        append(refine_, CutRefined{.cut = {2},
                                   .files = std::vector{file("processing/c.t/2")},
                                   .quarantine = std::vector{file("quarantine/c.t/2")}});
        const Lease load = ledger_->take_lease(Stage::load).value();
        append(load, CutsLoaded{.from = {0}, .to = {2}, .warehouse = "duckdb", .rows = 1});
    }

    static DataFile file(std::string path) {
        return {.table = {"c", "t"}, .path = path, .bytes = path.size(), .sha256 = sha256(path)};
    }
    static ChunkLanded chunk(std::uint32_t number) {
        return {.attempt = 1,
                .table = {"c", "t"},
                .chunk = number,
                .table_chunks = 2,
                .position = {},
                .files = std::vector{file(fmt::format("landing/c.t/chunk-{}", number))}};
    }
    CutLanded landed(std::uint64_t cut, std::size_t count) {
        std::vector<DataFile> files;
        for (std::size_t part = 0; part < count; ++part) {
            files.push_back(file(fmt::format("landing/c.t/{}-{}", cut, part)));
        }
        return {.cut = {cut},
                .position = change::Position(cut),
                .commit_time = {},
                .transactions = 1,
                .changes = 1,
                .snapshot_attempt = {},
                .files = ledger_->store_files(std::move(files)).value()};
    }
    void append(const Lease& lease, const EntryBody& body) {
        ASSERT_THAT(ledger_->append(lease, {&body, 1}), IsOk());
    }
    void append(const EntryBody& body) { append(lease_, body); }

    ReceiptBook book() { return {*ledger_, *store_, key_}; }
    Receipt of_file(const std::string& path, const std::string& end = "-e1.parquet") {
        return book().of_file({.sha256 = sha256(path), .path = path + end}).value();
    }
    Result<ReceiptVerdict> check(const Receipt& receipt) const {
        return check_receipt(receipt, key_.verifying_key());
    }
    std::vector<std::uint64_t> indexes(const Receipt& receipt) const {
        std::vector<std::uint64_t> indexes;
        const ReceiptVerdict verdict = check(receipt).value();
        for (const auto& [index, entry] : verdict.entries) {
            indexes.push_back(index);
        }
        return indexes;
    }
    /// The ledger is signed by another key from here on.
    void rotate(const SigningKey& next) {
        const Lease operate = ledger_->take_lease(Stage::operate).value();
        ASSERT_THAT(ledger_->rotate_key(operate, next), IsOk());
    }
    static SigningKey key_of(unsigned char number) {
        Seed seed{};
        seed[0] = std::byte{number};
        return SigningKey::from_seed("example.com/claims", seed).value();
    }

    /// Flips each byte of a receipt's text in turn.
    void expect_every_flip_found(const Receipt& receipt) const {
        const std::string text = format_receipt(receipt).value();
        for (std::size_t offset = 0; offset < text.size(); ++offset) {
            std::string changed = text;
            changed[offset] = static_cast<char>(static_cast<unsigned char>(changed[offset]) ^ 1U);
            const auto parsed = parse_receipt(changed);
            EXPECT_FALSE(parsed && check(*parsed)) << "offset " << offset;
        }
    }

    const SigningKey second_ = key_of(2);
    const SigningKey third_ = key_of(3);
    std::unique_ptr<Ledger> ledger_;  // Goes before the keys.
    Lease lease_;
    Lease refine_;
};

TEST_F(ReceiptTest, OfACutHasEveryEntryAboutIt) {
    EXPECT_THAT(indexes(book().of_cut({2}).value()), ElementsAre(6, 10, 12));
    EXPECT_THAT(indexes(book().of_cut({3}).value()), ElementsAre(7));
    EXPECT_THAT(book().of_cut({4}), IsError(ErrorKind::not_found, HasSubstr("no such cut")));
}

TEST_F(ReceiptTest, OfASnapshotsCutHasItsChunks) {
    EXPECT_THAT(indexes(book().of_cut({1}).value()), ElementsAre(3, 4, 5, 9, 12));
}

TEST_F(ReceiptTest, OfAFileHasTheEntryThatNamesIt) {
    for (const auto& [path, end, index] :
         {std::tuple("landing/c.t/chunk-1", "-e1.parquet", 4U),
          std::tuple("landing/c.t/2-0", "-e1.parquet", 6U),
          std::tuple("landing/c.t/3-11", "-e1.parquet", 7U),
          std::tuple("processing/c.t/2", "-e1.parquet", 10U),
          std::tuple("quarantine/c.t/2", "-e1.parquet.sealed", 10U)}) {
        SCOPED_TRACE(path);
        const Receipt receipt = of_file(path, end);
        EXPECT_THAT(indexes(receipt), ElementsAre(index));
        EXPECT_EQ(receipt.manifest.has_value(), index == 7);
        EXPECT_EQ(book().of_file({.sha256 = sha256(std::string_view(path)), .path = {}})->subject,
                  receipt.subject);
        EXPECT_THAT(parse_receipt(format_receipt(receipt).value()), IsOk());
    }
}

TEST_F(ReceiptTest, IsNotGivenForOtherBytes) {
    EXPECT_THAT(book().of_file({.sha256 = {}, .path = {}}),
                IsError(ErrorKind::not_found, HasSubstr("no entry of the ledger names this file")));
    EXPECT_THAT(book().of_file({.sha256 = {}, .path = "landing/c.t/2-0-e1.parquet"}),
                IsError(ErrorKind::corrupt, HasSubstr("entry 6: the file was changed")));
}

TEST_F(ReceiptTest, EveryFlippedByteIsFoundOfACut) {
    expect_every_flip_found(book().of_cut({2}).value());
}

TEST_F(ReceiptTest, EveryFlippedByteIsFoundOfAFile) {
    expect_every_flip_found(of_file("landing/c.t/2-0"));
}

TEST_F(ReceiptTest, EveryFlippedByteIsFoundOfAFileInAManifest) {
    expect_every_flip_found(of_file("landing/c.t/3-11"));
}

TEST_F(ReceiptTest, EveryFlippedByteIsFoundAfterAKeyRotation) {
    rotate(second_);
    const Receipt receipt = ReceiptBook(*ledger_, *store_, second_).of_cut({3}).value();
    EXPECT_EQ(receipt.entries.size(), 2U);
    expect_every_flip_found(receipt);
}

TEST_F(ReceiptTest, LeadsFromEachKeyOfTheLedgerToItsOwn) {
    rotate(second_);
    rotate(third_);
    const Receipt receipt = ReceiptBook(*ledger_, *store_, third_).of_cut({2}).value();
    for (const SigningKey* const key : {&key_, &second_, &third_}) {
        EXPECT_THAT(check_receipt(receipt, key->verifying_key()), IsOk());
    }
    EXPECT_THAT(check_receipt(receipt, std::nullopt), IsOk());
    EXPECT_THAT(check_receipt(receipt, key_of(9).verifying_key()), IsError(ErrorKind::denied));
    // Without the entries by which the keys changed, nothing leads there.
    Receipt cut = receipt;
    std::erase_if(cut.entries,
                  [](const ProvenEntry& entry) { return entry.entry.contains("key rotated"); });
    EXPECT_THAT(check_receipt(cut, key_.verifying_key()), IsError(ErrorKind::denied));
}

TEST_F(ReceiptTest, SaysWhatIsWrongWithAField) {
    const Receipt cut = book().of_cut({2}).value();
    const Receipt file = of_file("landing/c.t/2-0");
    const Receipt listed = of_file("landing/c.t/3-11");
    const auto expect = [this](const Receipt& changed, std::string_view message) {
        EXPECT_THAT(check(changed), IsError(ErrorKind::corrupt, HasSubstr(std::string(message))));
    };
    Receipt changed = cut;
    changed.subject = CutNumber{3};
    expect(changed, "no entry of the receipt says that the cut landed, cut=3");
    changed = cut;
    changed.entries.push_back(book().of_cut({3})->entries.back());
    expect(changed, "not in order");
    std::ranges::rotate(changed.entries, changed.entries.begin() + 1);
    expect(changed, "not in order");
    changed = cut;
    changed.entries.insert(changed.entries.begin() + 1, book().of_cut({3})->entries.back());
    expect(changed, "entry 7 is not about the cut, cut=2");
    changed = cut;
    changed.manifest = listed.manifest;
    expect(changed, "the receipt of a cut has a manifest");
    changed = file;
    changed.manifest = listed.manifest;
    expect(changed, "does not name its file");
    changed = listed;
    changed.manifest->pop_back();
    expect(changed, "does not name its file");
    changed = file;
    std::get<ReceiptFile>(changed.subject).path = "landing/c.t/2-0-e2.parquet";
    expect(changed, "does not name its file");
    changed = file;
    ++std::get<ReceiptFile>(changed.subject).bytes;
    expect(changed, "does not name its file");
    changed = file;
    changed.entries.clear();
    EXPECT_FALSE(check(changed).has_value());
    changed = file;
    changed.entries[0].entry = cut.entries[1].entry;
    expect(changed, "proof 1: the entry is not in the log");
    changed = file;
    changed.verifier_key = format_verifier_key(key_of(9).verifying_key());
    EXPECT_THAT(check(changed), IsError(ErrorKind::denied));
}

// A witness may have signed the public checkpoint as well; nothing checks its bytes here.
TEST_F(ReceiptTest, HasNoSignatureThatNobodyChecks) {
    ASSERT_THAT(ledger_->finish(), IsOk());
    const auto published = store_->read(checkpoint_key).value();
    const std::string witnessed =
        read_checkpoint(*store_).value()->note + "\u2014 witness AAAAAAAA\n";
    ASSERT_THAT(
        store_->replace(checkpoint_key, published.version, std::as_bytes(std::span(witnessed))),
        IsOk());
    Receipt receipt = book().of_cut({3}).value();
    EXPECT_THAT(check(receipt), IsOk());
    receipt.entries[0].proof += "\u2014 witness AAAAAAAA\n";
    EXPECT_THAT(check(receipt), IsError(ErrorKind::corrupt, HasSubstr("one signature")));
}

}  // namespace
}  // namespace weir::ledger
