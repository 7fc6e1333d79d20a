// Goal: whatever is done to a ledger or to what it names, verify says what it was and where.
// Method: a ledger of 300 entries (two bundles) with files; each test does one thing to it.
#include "ledger/verify.h"

#include <algorithm>
#include <tuple>

#include "base/result_matchers.h"
#include "ledger/head.h"
#include "ledger/ledger_fixture.h"
#include "ledger/merkle_tree.h"
#include "ledger/overtaken_store.h"
#include "ledger/tile.h"

namespace weir::ledger {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::byte>;
using Texts = std::vector<std::string>;

constexpr std::string_view full_bundle = "ledger/tile/entries/000";
constexpr std::string_view last_bundle = "ledger/tile/entries/001.p/44";

class VerifyTest : public LedgerFixture {
protected:
    void SetUp() override {
        create();
        const auto ledger = open();
        lease_ = ledger->take_lease(Stage::capture).value();
        append(*ledger,
               ledger->store_contract({.name = {"c", "t"}, .version = {1}, .columns = {}}).value());
        for (std::uint64_t cut = 1; cut <= 297; ++cut) {
            if (cut == 200) {
                ASSERT_THAT(ledger->finish(), IsOk());
                known_ = text(checkpoint_key);
            }
            append(*ledger, landed(*ledger, cut));
        }
    }

    /// Cut 1 has one file, cut 2 ten of them, the others none.
    CutLanded landed(Ledger& ledger, std::uint64_t cut) {
        std::vector<DataFile> files;
        for (std::size_t part = 0; part < (cut == 1 ? 1U : cut == 2 ? 10U : 0U); ++part) {
            const std::string content = fmt::format("rows of {}, {}", cut, part);
            DataFile file{.table = {"c", "t"},
                          .path = fmt::format("landing/c.t/{}-{}", cut, part),
                          .bytes = content.size(),
                          .sha256 = sha256(content)};
            put(stored_key(file.path, lease_.epoch), std::as_bytes(std::span(content)));
            files.push_back(std::move(file));
        }
        return {.cut = {cut},
                .position = change::Position(cut),
                .commit_time = {},
                .transactions = 1,
                .changes = 1,
                .snapshot_attempt = {},
                .files = ledger.store_files(std::move(files)).value()};
    }

    void append(Ledger& ledger, const EntryBody& body) {
        ASSERT_THAT(ledger.append(lease_, {&body, 1}), IsOk());
    }

    void put(const std::string& key, std::span<const std::byte> bytes) {
        ASSERT_THAT(store_->remove(key), IsOk());
        ASSERT_THAT(create_object(*store_, key, bytes), IsOk());
    }
    Bytes bytes(std::string_view key) const { return store_->read(key).value().bytes; }
    std::string text(std::string_view key) const {
        std::string text;
        for (const std::byte byte : bytes(key)) {
            text.push_back(static_cast<char>(byte));
        }
        return text;
    }
    Texts texts(std::string_view key) const { return parse_bundle(bytes(key)).value(); }
    void put_texts(std::string_view key, const Texts& entries) {
        Bytes bundle;
        for (const std::string& entry : entries) {
            append_to_bundle(bundle, entry);
        }
        put(std::string(key), bundle);
    }
    void put_text(std::string_view key, const std::string& text) {
        put(std::string(key), std::as_bytes(std::span(text)));
    }
    void flip(const std::string& key, std::size_t offset) {
        Bytes changed = bytes(key);
        changed.at(offset) ^= std::byte{1};
        put(key, changed);
    }

    Result<VerifyReport> check(const VerifyOptions& options = {}) const {
        return verify(*store_, {&key_.verifying_key(), 1}, options);
    }
    void expect(std::string_view message) const {
        EXPECT_THAT(check(), IsError(ErrorKind::corrupt, HasSubstr(std::string(message))));
    }

    Lease lease_;
    std::string known_;
};

TEST_F(VerifyTest, CountsWhatIsWhole) {
    const VerifyReport report = check().value();
    EXPECT_EQ(report.size, TreeSize{300});
    EXPECT_EQ(report.files, 13U);  // 11 data files, a manifest, a contract.
    EXPECT_EQ(report.bytes, 11 * std::string_view("rows of 1, 0").size());
    EXPECT_EQ(report.tiles, 3U);
    EXPECT_FALSE(report.unfinished);
    EXPECT_THAT(check({.known_checkpoints = {known_}}), IsOk());
}

TEST_F(VerifyTest, NamesAFlippedEntryWhereverItIs) {
    for (const std::size_t index : {0U, 1U, 128U, 255U, 256U, 299U}) {
        const std::string_view key = index < 256 ? full_bundle : last_bundle;
        const Texts before = texts(key);
        Texts after = before;
        after[index % 256][20] ^= 1;
        put_texts(key, after);
        expect(fmt::format("entry {} was changed", index));
        put_texts(key, before);
    }
    ASSERT_THAT(check(), IsOk());
}

TEST_F(VerifyTest, NamesEveryFlippedByteOfABundle) {
    const Bytes before = bytes(last_bundle);
    const Texts entries = texts(last_bundle);
    for (std::size_t offset = 0; offset < before.size(); offset += 97) {
        flip(std::string(last_bundle), offset);
        std::size_t index = 256;
        for (std::size_t end = 0; offset >= end; ++index) {
            end += 2 + entries[index - 256].size();
        }
        expect(fmt::format("entry {} ", index - 1));
        put(std::string(last_bundle), before);
    }
}

TEST_F(VerifyTest, NamesACutTail) {
    Texts entries = texts(last_bundle);
    entries.resize(40);
    put_texts(last_bundle, entries);
    expect("entry 296 is missing: the log was cut there");
    ASSERT_THAT(store_->remove(last_bundle), IsOk());
    expect("entry 256 is missing: the log was cut there");
}

TEST_F(VerifyTest, NamesADeletedEntry) {
    Texts entries = texts(full_bundle);
    entries.erase(entries.begin() + 7);
    put_texts(full_bundle, entries);
    expect("entry 7 was deleted");
    const Texts last = texts(last_bundle);
    entries.push_back(last.front());
    put_texts(full_bundle, entries);
    put_texts(last_bundle, {last.begin() + 1, last.end()});
    expect("entry 7 was deleted");
}

TEST_F(VerifyTest, NamesAnInsertedEntry) {
    Texts entries = texts(last_bundle);
    entries.insert(entries.begin() + 3, entries[0]);
    put_texts(last_bundle, entries);
    expect("entry 259 was inserted");
    entries = texts(full_bundle);
    entries.push_back("more");
    put_texts(full_bundle, entries);
    expect("entry 256 was inserted");
}

TEST_F(VerifyTest, NamesSwappedEntries) {
    Texts first = texts(full_bundle);
    Texts last = texts(last_bundle);
    std::swap(first[5], first[6]);
    put_texts(full_bundle, first);
    expect("entry 5 was swapped with entry 6");
    std::swap(first[5], first[6]);
    std::swap(first[9], last[2]);
    put_texts(full_bundle, first);
    put_texts(last_bundle, last);
    expect("entry 9 was swapped with entry 258");
    std::swap(first[9], last[2]);
    first[9] = last[2];
    put_texts(full_bundle, first);
    put_texts(last_bundle, last);
    expect("entry 9 was replaced by entry 258");
}

TEST_F(VerifyTest, NamesAChangedTile) {
    flip("ledger/tile/0/000", 544);
    expect("hash 17 is not that of the entries from 17 on, path=ledger/tile/0/000");
    flip("ledger/tile/0/000", 544);
    flip("ledger/tile/0/001.p/44", 0);
    expect("entries from 256 on, path=ledger/tile/0/001.p/44");
    flip("ledger/tile/0/001.p/44", 0);
    flip("ledger/tile/1/000.p/1", 31);
    expect("hash 0 is not that of the entries from 0 on, path=ledger/tile/1/000.p/1");
    flip("ledger/tile/1/000.p/1", 31);
    ASSERT_THAT(store_->remove("ledger/tile/0/000"), IsOk());
    expect("the file is missing, path=ledger/tile/0/000");
}

TEST_F(VerifyTest, NamesEntriesRewrittenWithTheirTile) {
    Texts entries = texts(last_bundle);
    entries[3] = entries[2];
    put_texts(last_bundle, entries);
    Bytes tile = bytes("ledger/tile/0/001.p/44");
    std::ranges::copy(leaf_hash(entries[3]), tile.begin() + 96);
    put("ledger/tile/0/001.p/44", tile);
    expect("rewritten together with its tiles");
}

TEST_F(VerifyTest, NamesFlipsOfHeadAndCheckpoint) {
    for (const std::string& key : {std::string(head_key), std::string(checkpoint_key)}) {
        const std::size_t size = bytes(key).size();
        for (std::size_t offset = 0; offset < size; offset += 5) {
            flip(key, offset);
            const auto status = check();
            EXPECT_FALSE(status.has_value()) << key << " at " << offset;
            flip(key, offset);
        }
    }
    ASSERT_THAT(check(), IsOk());
}

TEST_F(VerifyTest, NamesAHeadOrCheckpointTakenBack) {
    const Bytes head = bytes(head_key);
    const Bytes checkpoint = bytes(checkpoint_key);
    append(*open(), PositionAdvanced{.position = change::Position(400)});
    const Bytes newer = bytes(head_key);
    put(std::string(head_key), head);
    expect("entry 300 is missing: the head was taken back, head=300, checkpoint=301");
    put(std::string(head_key), newer);
    put(std::string(checkpoint_key), std::as_bytes(std::span(known_)));
    expect("the checkpoint was taken back");
    // All of it taken back: only a checkpoint that was kept elsewhere shows it.
    const std::string whole = text(head_key);
    const std::string kept = whole.substr(whole.find("example.com/claims\n"));
    put(std::string(head_key), head);
    put(std::string(checkpoint_key), checkpoint);
    EXPECT_THAT(check(), IsOk());
    EXPECT_THAT(check({.known_checkpoints = {kept}}),
                IsError(ErrorKind::corrupt, HasSubstr("cut below a known checkpoint")));
}

TEST_F(VerifyTest, AcceptsAnAppendThatIsNotFinished) {
    const Bytes checkpoint = bytes(checkpoint_key);
    append(*open(), PositionAdvanced{.position = change::Position(400)});
    put(std::string(checkpoint_key), checkpoint);
    ASSERT_THAT(store_->remove("ledger/tile/entries/001.p/45"), IsOk());
    const auto report = check();
    ASSERT_THAT(report, IsOk());
    EXPECT_TRUE(report->unfinished);
    EXPECT_EQ(report->size, TreeSize{301});
    const Bytes head = bytes(head_key);
    for (std::size_t offset = 0; offset < head.size(); offset += 5) {
        flip(std::string(head_key), offset);
        EXPECT_FALSE(check().has_value()) << offset;
        flip(std::string(head_key), offset);
    }
}

TEST_F(VerifyTest, IsNotMisledByWhoPublishesAndAppendsBetweenItsReads) {
    OvertakenStore overtaken(*store_, std::string(head_key));
    bool is_over = false;
    overtaken.before_read = [&] {
        if (std::exchange(is_over, true)) {
            return;
        }
        const auto other = open();
        append(*other, PositionAdvanced{.position = change::Position(400)});
        ASSERT_THAT(other->finish(), IsOk());
        append(*other, PositionAdvanced{.position = change::Position(401)});
    };
    const auto report = verify(overtaken, {&key_.verifying_key(), 1}, {});
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(report->size, TreeSize{302});
}

TEST_F(VerifyTest, NamesFiles) {
    const std::string one = "landing/c.t/1-0-e1.parquet";
    const std::string two = "landing/c.t/2-9-e1.parquet";
    const Bytes before = bytes(one);
    flip(one, 3);
    expect("entry 3: the file was changed");
    EXPECT_THAT(check({.hash_files = false}), IsOk());
    put(one, std::span(before).first(5));
    expect("bytes=5, expected=12, path=landing/c.t/1-0-e1.parquet");
    EXPECT_THAT(check({.hash_files = false}), IsError(ErrorKind::corrupt));
    put(one, bytes(two));
    put(two, before);
    expect("entry 3: the file was swapped: it is that of entry 4, landing/c.t/2-9-e1.parquet");
    ASSERT_THAT(store_->remove(one), IsOk());
    expect("entry 3: the file is missing, path=landing/c.t/1-0-e1.parquet");
}

TEST_F(VerifyTest, NamesManifestsAndContracts) {
    for (const auto& [prefix, entry] :
         {std::pair("contracts/", "entry 2"), std::pair("ledger/manifests/", "entry 4")}) {
        const std::string key = keys(prefix).front();
        flip(key, 9);
        expect(fmt::format("{}: the file was changed: it has not its hash, path={}", entry, key));
        flip(key, 9);
        const Bytes before = bytes(key);
        ASSERT_THAT(store_->remove(key), IsOk());
        expect(fmt::format("{}: the file is missing, path={}", entry, key));
        put(key, before);
    }
}

TEST_F(VerifyTest, NamesEntriesThatCannotFollow) {
    append(*open(), landed(*open(), 999));
    expect("entry 300 (cut landed): the cut does not follow the last one, cut=999, last=297");
}

/// A list of this length whose last file is elsewhere; with more than 8 it is a manifest.
CutLanded forged(Ledger& ledger, std::string path, std::size_t count) {
    std::vector<DataFile> files;
    for (std::size_t part = 1; part < count; ++part) {
        files.push_back({.table = {"c", "t"}, .path = fmt::format("landing/c.t/x-{}", part)});
    }
    files.push_back({.table = {"c", "t"}, .path = std::move(path)});
    return {.cut = {298},
            .position = change::Position(298),
            .commit_time = {},
            .snapshot_attempt = {},
            .files = ledger.store_files(std::move(files)).value()};
}

class ForgedPathTest
    : public VerifyTest,
      public ::testing::WithParamInterface<std::tuple<std::string_view, std::size_t>> {};

TEST_P(ForgedPathTest, IsNamedWithItsEntry) {
    const auto& [path, count] = GetParam();
    {
        const auto ledger = open();
        append(*ledger, forged(*ledger, std::string(path), count));
    }
    expect("entry 300: the entry names a file outside its place: the path was forged");
}

INSTANTIATE_TEST_SUITE_P(
    EveryWayOut, ForgedPathTest,
    ::testing::Combine(::testing::Values("../other/landing/c.t/1-0", "/etc/passwd",
                                         "landing/c.t/../../../other/landing/c.t/1-0",
                                         "landing/c.t/./1-0", "landing/c.t//1-0", "landing/c.t/",
                                         "landing/c.u/1-0", "landing/c.t", "processing/c.t/1-0",
                                         "contracts/c.t/1-0", "keys/ledger.key",
                                         "other/landing/c.t/1-0"),
                       ::testing::Values(1, 12)));

TEST_F(VerifyTest, NamesRefinedAndQuarantinedFilesOutsideTheirPlaces) {
    const auto ledger = open();
    const Lease refine = ledger->take_lease(Stage::refine).value();
    const auto list = [](std::string path) {
        return std::vector{DataFile{.table = {"c", "t"}, .path = std::move(path)}};
    };
    const EntryBody body = CutRefined{
        .cut = {1}, .files = list("quarantine/c.t/1"), .quarantine = list("quarantine/c.t/2")};
    ASSERT_THAT(ledger->append(refine, {&body, 1}), IsOk());
    expect("place=processing/c.t/, path=quarantine/c.t/1");
}

TEST_F(VerifyTest, NamesAQuarantinedFileOutsideItsPlace) {
    const auto ledger = open();
    const Lease refine = ledger->take_lease(Stage::refine).value();
    const EntryBody body = CutRefined{
        .cut = {1},
        .files = {},
        .quarantine = std::vector{DataFile{.table = {"c", "t"}, .path = "processing/c.t/2"}}};
    ASSERT_THAT(ledger->append(refine, {&body, 1}), IsOk());
    expect("place=quarantine/c.t/, path=processing/c.t/2");
}

TEST_F(VerifyTest, NamesAForkThatAKnownCheckpointShows) {
    const auto copied = [this](std::string_view key) {
        return std::pair(std::string(key), bytes(key));
    };
    std::vector<std::pair<std::string, Bytes>> before;
    for (const std::string& key : keys("ledger/")) {
        before.push_back(copied(key));
    }
    {
        const auto one = open();
        append(*one, landed(*one, 298));
        append(*one, landed(*one, 299));
    }
    const std::string kept = text(checkpoint_key);
    for (const std::string& key : keys("ledger/")) {
        ASSERT_THAT(store_->remove(key), IsOk());
    }
    for (const auto& [key, content] : before) {
        put(key, content);
    }
    // The same key signs another history from the same entry on.
    const auto other = open();
    append(*other, PositionAdvanced{.position = change::Position(400)});
    append(*other, PositionAdvanced{.position = change::Position(401)});
    EXPECT_THAT(check(), IsOk());
    EXPECT_THAT(check({.known_checkpoints = {kept}}),
                IsError(ErrorKind::corrupt, HasSubstr("the ledger was forked")));
    append(*other, PositionAdvanced{.position = change::Position(402)});
    EXPECT_THAT(check({.known_checkpoints = {kept}}),
                IsError(ErrorKind::corrupt, HasSubstr("the ledger was forked")));
    ASSERT_THAT(other->finish(), IsOk());
    EXPECT_THAT(check({.known_checkpoints = {kept}}),
                IsError(ErrorKind::corrupt, HasSubstr("before entry 302 was rewritten")));
}

TEST_F(VerifyTest, NamesALedgerThatWasSignedAgainWithAnotherKey) {
    Seed seed{};
    seed[0] = std::byte{1};
    const SigningKey other = SigningKey::from_seed("example.com/claims", seed).value();
    Head head = read_head(*store_, {&key_.verifying_key(), 1}).value().head;
    head.note = sign_checkpoint(head.checkpoint, other).value();
    put_text(head_key, format_head(head));
    EXPECT_THAT(check(), IsError(ErrorKind::denied, HasSubstr("no trusted key has signed")));
    head.note = sign_checkpoint(head.checkpoint, key_).value();
    put_text(head_key, format_head(head));
    const std::string note = sign_checkpoint(head.checkpoint, other).value();
    put(std::string(checkpoint_key), std::as_bytes(std::span(note)));
    EXPECT_THAT(check(), IsError(ErrorKind::denied, HasSubstr("ledger/checkpoint")));
}

TEST_F(VerifyTest, IsStoppedAndResumedAfterTheLastWholeFile) {
    FilePlace last;
    int files = 0;
    const auto stop_after_three = [&](const VerifyProgress& progress) -> Status {
        EXPECT_EQ(progress.files.total, 11 * 12U);
        if (progress.files.last.key != last.key) {
            last = progress.files.last;
            ++files;
        }
        return files < 3 ? Status{} : fail(ErrorKind::cancelled, "stopped");
    };
    EXPECT_THAT(check({.on_progress = stop_after_three}), IsError(ErrorKind::cancelled));
    EXPECT_EQ(last.entry, 4U);
    EXPECT_EQ(last.key, "landing/c.t/2-1-e1.parquet");

    std::vector<std::string> hashed;
    const auto note_files = [&](const VerifyProgress& progress) -> Status {
        if (hashed.empty() || progress.files.last.key != hashed.back()) {
            hashed.push_back(progress.files.last.key);
        }
        EXPECT_EQ(progress.files.total, 8 * 12U);
        return {};
    };
    EXPECT_THAT(check({.hashed = last, .on_progress = note_files}), IsOk());
    EXPECT_EQ(hashed.size(), 9U);  // Eight files, and none before the first.
    EXPECT_EQ(hashed.back(), "landing/c.t/2-9-e1.parquet");
    flip("landing/c.t/1-0-e1.parquet", 3);
    EXPECT_THAT(check({.hashed = last}), IsOk());
    expect("entry 3: the file was changed");
    ASSERT_THAT(store_->remove("landing/c.t/1-0-e1.parquet"), IsOk());
    EXPECT_THAT(check({.hashed = last}), IsError(ErrorKind::corrupt, HasSubstr("missing")));
}

// The place itself may be gone: chunks of an attempt that was given up are checked no more.
TEST_F(VerifyTest, IsResumedAtAPlaceThatIsNoMore) {
    flip("landing/c.t/2-0-e1.parquet", 3);
    EXPECT_THAT(check({.hashed = FilePlace{.entry = 3, .key = "landing/gone"}}),
                IsError(ErrorKind::corrupt, HasSubstr("entry 4")));
    EXPECT_THAT(check({.hashed = FilePlace{.entry = 5, .key = "landing/gone"}}), IsOk());
}

TEST_F(VerifyTest, TrustsNobodyElse) {
    Seed seed{};
    seed[0] = std::byte{1};
    const SigningKey other = SigningKey::from_seed("example.com/claims", seed).value();
    EXPECT_THAT(verify(*store_, {&other.verifying_key(), 1}, {}), IsError(ErrorKind::denied));
}

}  // namespace
}  // namespace weir::ledger
