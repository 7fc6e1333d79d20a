// Goal: another key takes over the ledger at one point of it, for everybody at once; whatever call
// of the store fails or is the process's last, the ledger has a key that opens it.
// Method: several `Ledger` objects stand for processes that have the key before; the rotation again
// and again, breaking the 1st, 2nd, ... call that writes.
#include "ledger/ledger_key.h"

#include <sys/stat.h>

#include <fstream>

#include "base/result_matchers.h"
#include "ledger/head.h"
#include "ledger/key_file.h"
#include "ledger/key_rotation.h"
#include "ledger/ledger_fixture.h"
#include "ledger/pipeline_state.h"
#include "ledger/verify.h"
#include "store/faulty_store.h"

namespace weir::ledger {
namespace {

using store::Fault;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SigningKey key_of(unsigned char number) {
    Seed seed{};
    seed[0] = std::byte{number};
    return SigningKey::from_seed("example.com/claims", seed).value();
}

class KeyRotationTest : public LedgerFixture {
protected:
    void SetUp() override { create(); }

    static void rotate(Ledger& ledger, const SigningKey& next) {
        const Lease lease = ledger.take_lease(Stage::operate).value();
        ASSERT_THAT(ledger.rotate_key(lease, next), IsOk());
    }
    static void append(Ledger& ledger, std::uint64_t number) {
        const EntryBody body[] = {numbered(number)};
        const Lease lease = ledger.take_lease(Stage::capture).value();
        ASSERT_THAT(ledger.append(lease, body), IsOk());
    }
    Result<VerifyReport> check(const SigningKey& key, const VerifyOptions& options = {}) const {
        return verify(*store_, {&key.verifying_key(), 1}, options);
    }

    const SigningKey second_ = key_of(2);
    const SigningKey third_ = key_of(3);
};

TEST_F(KeyRotationTest, OpensWithTheNewKeyOnly) {
    rotate(*open(), second_);
    EXPECT_THAT(Ledger::open(*store_, key_, clock_), IsError(ErrorKind::denied));
    const auto ledger = Ledger::open(*store_, second_, clock_).value();
    append(*ledger, 7);
    EXPECT_THAT(numbers(ledger->read_from({}).value()), ElementsAre(7));
    PipelineState state;
    ASSERT_THAT(catch_up(state, *ledger), IsOk());
    EXPECT_EQ(state.key_rotated->after, format_verifier_key(second_.verifying_key()));
}

// Until the tiles are written the public checkpoint is the old key's.
TEST_F(KeyRotationTest, OpensWhenItWasNotFinished) {
    const auto ledger = open();
    append(*ledger, 1);
    ASSERT_THAT(ledger->finish(), IsOk());
    rotate(*ledger, second_);
    append(*ledger, 2);
    const std::string note = read_checkpoint(*store_)->value().note;
    EXPECT_THAT(open_checkpoint(note, {&key_.verifying_key(), 1}), IsOk());
    const auto other = Ledger::open(*store_, second_, clock_);
    ASSERT_THAT(other, IsOk());
    EXPECT_THAT(numbers((*other)->read_from({}).value()), ElementsAre(1, 2));
    const std::string later = read_checkpoint(*store_)->value().note;
    EXPECT_THAT(open_checkpoint(later, {&second_.verifying_key(), 1}), IsOk());
}

TEST_F(KeyRotationTest, AProcessWithTheOldKeyCommitsNoMoreAndDamagesNothing) {
    const auto old = open();
    const Lease lease = old->take_lease(Stage::capture).value();
    const EntryBody before[] = {numbered(1)};
    ASSERT_THAT(old->append(lease, before), IsOk());
    const auto ledger = open();
    rotate(*ledger, second_);
    const auto head = store_->read(head_key)->version;
    const EntryBody body[] = {numbered(2)};
    EXPECT_THAT(old->append(lease, body), IsError(ErrorKind::denied, HasSubstr("key was rotated")));
    EXPECT_THAT(old->take_lease(Stage::load), IsError(ErrorKind::denied));
    EXPECT_THAT(old->read_from({}), IsError(ErrorKind::denied));
    EXPECT_EQ(store_->read(head_key)->version, head);
    ASSERT_THAT(ledger->finish(), IsOk());
    static_cast<void>(old->finish());
    clock_.advance(Ledger::finish_interval);
    EXPECT_THAT(old->append(lease, body), IsError(ErrorKind::denied));
    EXPECT_THAT(check(second_), IsOk());
    append(*Ledger::open(*store_, second_, clock_).value(), 3);
    EXPECT_THAT(numbers(Ledger::open(*store_, second_, clock_).value()->read_from({}).value()),
                ElementsAre(1, 3));
}

TEST_F(KeyRotationTest, VerifiesFromAnyKeyThatHasSigned) {
    {
        const auto ledger = open();
        append(*ledger, 1);
        rotate(*ledger, second_);
        append(*ledger, 2);
        rotate(*ledger, third_);
        append(*ledger, 3);
        for (const SigningKey* const key : {&key_, &second_, &third_}) {
            EXPECT_THAT(check(*key), IsOk());
        }
    }
    for (const SigningKey* const key : {&key_, &second_, &third_}) {
        EXPECT_THAT(check(*key), IsOk());
    }
    EXPECT_THAT(check(key_of(9)), IsError(ErrorKind::denied));
}

TEST_F(KeyRotationTest, KnownCheckpointsOfOldKeysStillCount) {
    const auto ledger = open();
    append(*ledger, 1);
    ASSERT_THAT(ledger->finish(), IsOk());
    const std::string known = read_checkpoint(*store_)->value().note;
    rotate(*ledger, second_);
    EXPECT_THAT(check(second_, {.known_checkpoints = {known}}), IsOk());
    EXPECT_THAT(check(key_, {.known_checkpoints = {known}}), IsOk());
}

TEST_F(KeyRotationTest, AKeyThatHandedOverSignsNoMore) {
    const auto ledger = open();
    rotate(*ledger, second_);
    ASSERT_THAT(ledger->finish(), IsOk());
    const auto head = read_head(*store_, {&second_.verifying_key(), 1}).value();
    Head forged = head.head;
    forged.note = sign_checkpoint(forged.checkpoint, key_).value();
    const std::string text = format_head(forged);
    ASSERT_THAT(store_->replace(head_key, head.version, std::as_bytes(std::span(text))), IsOk());
    EXPECT_THAT(check(key_),
                IsError(ErrorKind::corrupt, HasSubstr("a key that did not sign at its size")));
}

TEST_F(KeyRotationTest, NeedsTwoKeysOfOneName) {
    const SigningKey other = SigningKey::from_seed("example.com/members", Seed{}).value();
    EXPECT_THAT(rotate_key(key_, key_), IsError(ErrorKind::invalid));
    EXPECT_THAT(rotate_key(key_, other), IsError(ErrorKind::invalid));
}

TEST_F(KeyRotationTest, IsSignedByBothKeys) {
    const KeyRotated body = rotate_key(key_, second_).value();
    EXPECT_THAT(open_key_rotation(4, body), IsOk());
    for (std::string KeyRotated::* const field :
         {&KeyRotated::before, &KeyRotated::after, &KeyRotated::before_signature,
          &KeyRotated::after_signature}) {
        for (std::size_t offset = 0; offset < (body.*field).size(); ++offset) {
            KeyRotated changed = body;
            (changed.*field)[offset] ^= 1;
            EXPECT_FALSE(open_key_rotation(4, changed).has_value()) << offset;
        }
    }
    KeyRotated swapped = body;
    std::swap(swapped.before_signature, swapped.after_signature);
    EXPECT_THAT(open_key_rotation(4, swapped), IsError(ErrorKind::corrupt));
}

TEST_F(KeyRotationTest, KeysFollowOneAnother) {
    const KeyChange first = open_key_rotation(4, rotate_key(key_, second_).value()).value();
    const KeyChange second = open_key_rotation(9, rotate_key(second_, third_).value()).value();
    const KeyChange changes[] = {first, second};
    const auto keys = KeyHistory::follow(changes, {&third_.verifying_key(), 1}).value();
    const auto id_at = [&](std::uint64_t size) { return keys.keys_at({size}).front().id(); };
    EXPECT_EQ(id_at(4), key_.verifying_key().id());
    EXPECT_EQ(id_at(5), second_.verifying_key().id());
    EXPECT_EQ(id_at(9), second_.verifying_key().id());
    EXPECT_EQ(id_at(10), third_.verifying_key().id());
    const KeyChange gap[] = {second, first};
    EXPECT_THAT(KeyHistory::follow(gap, {&third_.verifying_key(), 1}),
                IsError(ErrorKind::corrupt, HasSubstr("entry 4")));
}

class KeyFileRotationTest : public LedgerFixture, public ::testing::WithParamInterface<Fault> {
protected:
    void make() {
        std::filesystem::remove_all(path().parent_path());
        for (const std::string& key : keys("")) {
            ASSERT_THAT(store_->remove(key), IsOk());
        }
        const SigningKey first = create_key_file(path(), "example.com/claims").value();
        first_ = format_verifier_key(first.verifying_key());
        ASSERT_THAT(Ledger::create(*store_, first, {.pipeline = "p", .source = "s", .release = "r"},
                                   clock_),
                    IsOk());
    }
    /// Outside the ledger's folder, where a real one is.
    std::filesystem::path path() const { return key_folder_.path() / "keys/ledger.key"; }

    /// The ledger opens, takes an append, and verifies from its first key on.
    void expect_usable() {
        const auto key = load_ledger_key(*store_, path());
        ASSERT_THAT(key, IsOk());
        const auto ledger = Ledger::open(*store_, *key, clock_);
        ASSERT_THAT(ledger, IsOk());
        const Lease lease = (*ledger)->take_lease(Stage::capture).value();
        const EntryBody body[] = {numbered(7)};
        ASSERT_THAT((*ledger)->append(lease, body), IsOk());
        const VerifyingKey first = parse_verifier_key(first_).value();
        ASSERT_THAT(verify(*store_, {&first, 1}, {}), IsOk());
    }

    const store::ScratchFolder key_folder_;
    std::string first_;
};

TEST_P(KeyFileRotationTest, LeavesAUsableLedgerWhereverItIsCut) {
    bool broken = true;
    std::uint64_t call = 1;
    for (; broken; ++call) {
        SCOPED_TRACE(fmt::format("call {}", call));
        make();
        store::FaultyStore faulty(*store_, GetParam(), call);
        const bool rotated = rotate_ledger_key(faulty, path(), clock_).has_value();
        broken = faulty.has_broken();
        EXPECT_TRUE(rotated || broken);
        expect_usable();
        // Whatever was left over, the next rotation ends well and the old key's file is gone.
        const auto again = rotate_ledger_key(*store_, path(), clock_);
        ASSERT_THAT(again, IsOk());
        EXPECT_FALSE(std::filesystem::exists(path().string() + ".next"));
        EXPECT_EQ(format_verifier_key(load_key_file(path())->verifying_key()),
                  format_verifier_key(*again));
        expect_usable();
        if (HasFatalFailure()) {
            return;
        }
    }
    EXPECT_GT(call, 8U);  // The rotation reaches the store that often at least.
}

TEST_P(KeyFileRotationTest, KeepsTheModeOfTheFile) {
    make();
    ASSERT_THAT(rotate_ledger_key(*store_, path(), clock_), IsOk());
    struct stat status{};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_NE(format_verifier_key(load_key_file(path())->verifying_key()), first_);
}

INSTANTIATE_TEST_SUITE_P(EveryFault, KeyFileRotationTest,
                         ::testing::Values(Fault::refused, Fault::in_doubt, Fault::stopped_before,
                                           Fault::stopped_after));

}  // namespace
}  // namespace weir::ledger
