// Goal: what a local store reports as done is there, whole; what it did not is nowhere to be seen.
// Method: a folder per test; two stores on one folder stand for two processes.
#include "store/local_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string text_of(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        text.push_back(static_cast<char>(byte));
    }
    return text;
}

class LocalStoreTest : public ::testing::Test {
protected:
    std::string read(std::string_view key) const { return text_of(store_->read(key)->bytes); }

    std::vector<std::string> keys(std::string_view prefix) const {
        const std::vector<ObjectInfo> objects = store_->list(prefix).value();
        std::vector<std::string> keys;
        keys.reserve(objects.size());
        for (const ObjectInfo& object : objects) {
            keys.push_back(object.key);
        }
        return keys;
    }

    const ScratchFolder folder_;
    const std::unique_ptr<LocalStore> store_ = LocalStore::open(folder_.path() / "s").value();
};

TEST_F(LocalStoreTest, CreatesOnlyWhatIsAbsent) {
    ASSERT_THAT(create_object(*store_, "a/b", bytes_of("one")), IsOk());
    EXPECT_THAT(create_object(*store_, "a/b", bytes_of("two")), IsError(ErrorKind::already_exists));
    EXPECT_EQ(read("a/b"), "one");
    EXPECT_EQ(store_->stat("a/b")->bytes, 3U);
}

TEST_F(LocalStoreTest, ShowsNothingBeforeFinish) {
    const auto sink = store_->create("a").value();
    ASSERT_THAT(sink->write(bytes_of("one")), IsOk());
    EXPECT_THAT(keys(""), ElementsAre());
    EXPECT_THAT(store_->read("a"), IsError(ErrorKind::not_found));
    ASSERT_THAT(sink->finish(), IsOk());
    EXPECT_THAT(keys(""), ElementsAre("a"));
}

TEST_F(LocalStoreTest, TheFirstToFinishWins) {
    const auto first = store_->create("a").value();
    const auto second = store_->create("a").value();
    ASSERT_THAT(first->write(bytes_of("first")), IsOk());
    ASSERT_THAT(second->write(bytes_of("second")), IsOk());
    ASSERT_THAT(second->finish(), IsOk());
    EXPECT_THAT(first->finish(), IsError(ErrorKind::already_exists));
    EXPECT_EQ(read("a"), "second");
}

TEST_F(LocalStoreTest, ADroppedSinkLeavesNothing) {
    ASSERT_THAT(store_->create("a").value()->write(bytes_of("one")), IsOk());
    std::size_t files = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder_.path())) {
        files += item.is_regular_file() ? 1U : 0U;
    }
    EXPECT_EQ(files, 0U);
}

TEST_F(LocalStoreTest, ReplacesOnlyWhatWasRead) {
    const auto one = store_->replace("head", std::nullopt, bytes_of("one"));
    ASSERT_THAT(one, IsOk());
    EXPECT_THAT(store_->replace("head", std::nullopt, bytes_of("two")),
                IsError(ErrorKind::conflict));
    EXPECT_EQ(store_->read("head")->version, *one);
    const auto two = store_->replace("head", *one, bytes_of("two"));
    ASSERT_THAT(two, IsOk());
    EXPECT_NE(*one, *two);
    EXPECT_THAT(store_->replace("head", *one, bytes_of("three")), IsError(ErrorKind::conflict));
    EXPECT_EQ(read("head"), "two");
    EXPECT_THAT(store_->replace("none", *one, bytes_of("x")), IsError(ErrorKind::conflict));
}

TEST_F(LocalStoreTest, OfManySwapsOneWins) {
    constexpr std::size_t rounds = 50;
    ASSERT_THAT(store_->replace("count", std::nullopt, bytes_of("")), IsOk());
    const auto add = [this] {
        const auto mine = LocalStore::open(folder_.path() / "s").value();
        for (std::size_t done = 0; done < rounds;) {
            auto current = mine->read("count").value();
            current.bytes.push_back(std::byte{'.'});
            done += mine->replace("count", current.version, current.bytes) ? 1U : 0U;
        }
    };
    std::jthread other(add);
    add();
    other.join();
    EXPECT_EQ(store_->stat("count")->bytes, 2 * rounds);
}

TEST_F(LocalStoreTest, ReadsRanges) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("0123456789")), IsOk());
    EXPECT_EQ(text_of(*store_->read_range("a", 2, 3)), "234");
    EXPECT_EQ(text_of(*store_->read_range("a", 8, 10)), "89");
    EXPECT_EQ(text_of(*store_->read_range("a", 10, 1)), "");
    EXPECT_THAT(store_->read_range("b", 0, 1), IsError(ErrorKind::not_found));
}

TEST_F(LocalStoreTest, ListsByPrefixInKeyOrder) {
    for (const char* key : {"a/c", "a/b/d", "ab", "b", "a-x"}) {
        ASSERT_THAT(create_object(*store_, key, {}), IsOk());
    }
    EXPECT_THAT(keys("a/"), ElementsAre("a/b/d", "a/c"));
    EXPECT_THAT(keys("a"), ElementsAre("a-x", "a/b/d", "a/c", "ab"));
    EXPECT_THAT(keys("z/"), ElementsAre());
}

TEST_F(LocalStoreTest, SaysWhenAnObjectWasWritten) {
    ASSERT_THAT(create_object(*store_, "a", {}), IsOk());
    std::filesystem::last_write_time(
        folder_.path() / "s/a",
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    ASSERT_THAT(create_object(*store_, "b", {}), IsOk());
    const auto objects = store_->list("").value();
    EXPECT_GT(objects[1].modified - objects[0].modified, std::chrono::minutes(59));
    EXPECT_LT(objects[1].modified - objects[0].modified, std::chrono::hours(2));
    EXPECT_EQ(store_->stat("a")->modified, objects[0].modified);
}

TEST_F(LocalStoreTest, RemovesAndForgivesAbsence) {
    ASSERT_THAT(create_object(*store_, "a/b", {}), IsOk());
    EXPECT_THAT(store_->remove("a/b"), IsOk());
    EXPECT_THAT(store_->stat("a/b"), IsError(ErrorKind::not_found));
    EXPECT_THAT(store_->remove("a/b"), IsOk());
    EXPECT_THAT(store_->remove("x/y"), IsOk());
}

TEST_F(LocalStoreTest, RefusesKeysThatLeaveTheFolder) {
    for (const std::string key :
         {"", "/a", "a/", "a//b", "./a", "a/..", "a\n", "\x7f", ".tmp/x", ".tmp"}) {
        EXPECT_THAT(store_->read(key), IsError(ErrorKind::invalid)) << key;
        EXPECT_THAT(store_->create(key), IsError(ErrorKind::invalid)) << key;
        EXPECT_THAT(store_->replace(key, std::nullopt, {}), IsError(ErrorKind::invalid)) << key;
        EXPECT_THAT(store_->remove(key), IsError(ErrorKind::invalid)) << key;
    }
    EXPECT_THAT(store_->read(std::string(1025, 'a')), IsError(ErrorKind::invalid));
}

TEST_F(LocalStoreTest, SaysWhenAnObjectIsInTheWay) {
    ASSERT_THAT(create_object(*store_, "a", {}), IsOk());
    EXPECT_THAT(create_object(*store_, "a/b", {}), IsError(ErrorKind::invalid, HasSubstr("path=")));
    EXPECT_THAT(store_->read("a/b"), IsError(ErrorKind::not_found));
    ASSERT_THAT(create_object(*store_, "b/c", {}), IsOk());
    EXPECT_THAT(store_->read("b"), IsError(ErrorKind::not_found));
}

TEST_F(LocalStoreTest, KeepsFilesFromOthers) {
    ASSERT_THAT(create_object(*store_, "a/b", {}), IsOk());
    ASSERT_THAT(store_->replace("a/c", std::nullopt, {}), IsOk());
    struct stat status{};
    for (const auto& [name, mode] :
         {std::pair("s", 0700U), {"s/a", 0700U}, {"s/a/b", 0600U}, {"s/a/c", 0600U}}) {
        ASSERT_EQ(::stat((folder_.path() / name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, mode) << name;
    }
}

TEST_F(LocalStoreTest, SweepsWhatTheDeadLeftAndNothingElse) {
    const auto alive = store_->create("a").value();
    ASSERT_THAT(alive->write(bytes_of("one")), IsOk());
    const auto dead = folder_.path() / "s/.tmp/writer-dead";
    std::filesystem::create_directories(dead);
    std::ofstream(dead / "0") << "torn";

    ASSERT_THAT(LocalStore::open(folder_.path() / "s"), IsOk());
    EXPECT_FALSE(std::filesystem::exists(dead));
    ASSERT_THAT(alive->finish(), IsOk());
    EXPECT_EQ(read("a"), "one");
}

TEST_F(LocalStoreTest, OpensWithASlashAtTheEnd) {
    const auto again = LocalStore::open((folder_.path() / "s").string() + "/").value();
    ASSERT_THAT(create_object(*store_, "a/b", {}), IsOk());
    EXPECT_EQ(again->list("a/")->front().key, "a/b");
}

}  // namespace
}  // namespace weir::store
