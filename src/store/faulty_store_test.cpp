// Goal: each fault befalls the call with its number, and no other, and does what its name says.
// Method: a faulty store on a folder, of which a second store tells what is there.
#include "store/faulty_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/result_matchers.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

class FaultyStoreTest : public ::testing::Test {
protected:
    std::vector<std::string> keys() const { return names(store_->list("").value()); }
    static std::vector<std::string> names(const std::vector<ObjectInfo>& objects) {
        std::vector<std::string> names(objects.size());
        std::ranges::transform(objects, names.begin(), &ObjectInfo::key);
        return names;
    }
    std::size_t unfinished() const {
        std::size_t files = 0;
        for (const auto& item :
             std::filesystem::recursive_directory_iterator(folder_.path() / "s/.tmp")) {
            files += item.is_regular_file() && item.file_size() > 0 ? 1U : 0U;
        }
        return files;
    }

    const ScratchFolder folder_;
    const std::unique_ptr<LocalStore> store_ = LocalStore::open(folder_.path() / "s").value();
};

TEST_F(FaultyStoreTest, RefusesAnyCallByItsNumber) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("one")), IsOk());
    for (std::uint64_t call = 1; call <= 5; ++call) {
        FaultyStore faulty(*store_, Fault::refused, call);
        EXPECT_EQ(faulty.read("a").has_value(), call != 1);
        EXPECT_EQ(faulty.list("").has_value(), call != 2);
        EXPECT_EQ(faulty.stat("a").has_value(), call != 3);
        EXPECT_EQ(faulty.read_range("a", 0, 1).has_value(), call != 4);
        EXPECT_EQ(faulty.has_broken(), call < 5);
        EXPECT_EQ(faulty.create("b").has_value(), call != 5);
        EXPECT_EQ(faulty.calls(), 5U);
    }
}

TEST_F(FaultyStoreTest, CountsOnlyTheKeysAskedFor) {
    FaultyStore faulty(*store_, Fault::refused, 1);
    faulty.count_only([](std::string_view key) { return key.starts_with("ledger/"); });
    EXPECT_THAT(faulty.remove("landing/a"), IsOk());
    EXPECT_THAT(faulty.remove("ledger/a"), IsError(ErrorKind::unavailable));
}

TEST_F(FaultyStoreTest, ADelayedCallIsDoneAfterTheClockMoved) {
    FaultyStore faulty(*store_, Fault::delayed, 1);
    bool moved = false;
    faulty.on_delay([&] { moved = keys().empty(); });
    EXPECT_THAT(faulty.replace("a", std::nullopt, bytes_of("one")), IsOk());
    EXPECT_TRUE(moved);
    EXPECT_THAT(keys(), ElementsAre("a"));
}

TEST_F(FaultyStoreTest, AWriteInDoubtWasDoneAndALateOneIsNotYet) {
    FaultyStore doubted(*store_, Fault::in_doubt, 1);
    EXPECT_THAT(doubted.replace("a", std::nullopt, bytes_of("one")), IsError(ErrorKind::in_doubt));
    EXPECT_THAT(keys(), ElementsAre("a"));

    FaultyStore late(*store_, Fault::late, 1);
    EXPECT_THAT(create_object(late, "b", bytes_of("one")), IsError(ErrorKind::in_doubt));
    EXPECT_THAT(keys(), ElementsAre("a"));
    EXPECT_THAT(late.replace("c", std::nullopt, bytes_of("two")), IsOk());
    EXPECT_THAT(keys(), ElementsAre("a", "b", "c"));
}

TEST_F(FaultyStoreTest, ALateSwapLosesAgainstAnotherOne) {
    FaultyStore late(*store_, Fault::late, 1);
    EXPECT_THAT(late.replace("a", std::nullopt, bytes_of("one")), IsError(ErrorKind::in_doubt));
    ASSERT_THAT(store_->replace("a", std::nullopt, bytes_of("two")), IsOk());
    EXPECT_THAT(late.remove("b"), IsOk());
    EXPECT_EQ(store_->stat("a")->bytes, 3U);
    EXPECT_EQ(store_->read("a")->bytes.front(), std::byte{'t'});
}

TEST_F(FaultyStoreTest, WhatIsDoneTwiceSaysSo) {
    FaultyStore finished(*store_, Fault::done_twice, 1);
    EXPECT_THAT(create_object(finished, "a", bytes_of("one")), IsError(ErrorKind::already_exists));
    EXPECT_EQ(store_->stat("a")->bytes, 3U);
    FaultyStore swapped(*store_, Fault::done_twice, 1);
    EXPECT_THAT(swapped.replace("b", std::nullopt, bytes_of("one")), IsError(ErrorKind::conflict));
    FaultyStore removed(*store_, Fault::done_twice, 1);
    EXPECT_THAT(removed.remove("a"), IsOk());
    EXPECT_THAT(keys(), ElementsAre("b"));
}

TEST_F(FaultyStoreTest, OfATornWriteNothingIsVisible) {
    FaultyStore written(*store_, Fault::torn, 1);
    EXPECT_THAT(create_object(written, "a", bytes_of("one")), IsError(ErrorKind::unavailable));
    FaultyStore swapped(*store_, Fault::torn, 1);
    EXPECT_THAT(swapped.replace("a", std::nullopt, bytes_of("one")),
                IsError(ErrorKind::unavailable));
    EXPECT_THAT(keys(), IsEmpty());
    EXPECT_EQ(unfinished(), 0U);
    EXPECT_THAT(swapped.replace("a", std::nullopt, bytes_of("one")), IsOk());
}

TEST_F(FaultyStoreTest, WhoDiesWithinAWriteLeavesItUnfinished) {
    FaultyStore faulty(*store_, Fault::stopped_within, 1);
    EXPECT_THAT(create_object(faulty, "a", bytes_of("one")), IsError(ErrorKind::unavailable));
    EXPECT_THAT(faulty.read("b"), IsError(ErrorKind::unavailable));
    EXPECT_THAT(keys(), IsEmpty());
    EXPECT_EQ(unfinished(), 1U);
}

TEST_F(FaultyStoreTest, AStaleListLacksWhatIsNewAndHasWhatIsGone) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("one")), IsOk());
    ASSERT_THAT(create_object(*store_, "b", bytes_of("one")), IsOk());
    FaultyStore faulty(*store_, Fault::stale, 1);
    ASSERT_THAT(faulty.remove("a"), IsOk());
    ASSERT_THAT(create_object(faulty, "c", bytes_of("one")), IsOk());
    EXPECT_THAT(names(*faulty.list("")), ElementsAre("a", "b"));
    EXPECT_THAT(names(*faulty.list("")), ElementsAre("b", "c"));
}

TEST_F(FaultyStoreTest, AProcessMayDieAtItsCall) {
    FaultyStore faulty(*store_, Fault::stopped_after, 2);
    bool dead = false;
    faulty.on_stop([&] { dead = true; });
    ASSERT_THAT(faulty.replace("a", std::nullopt, bytes_of("one")), IsOk());
    EXPECT_FALSE(dead);
    EXPECT_THAT(faulty.replace("b", std::nullopt, bytes_of("one")),
                IsError(ErrorKind::unavailable));
    EXPECT_TRUE(dead);
    EXPECT_THAT(keys(), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace weir::store
