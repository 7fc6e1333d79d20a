// Goal: every store keeps the contract of ObjectStore. Method: one suite for the local store and
// for S3, if WEIR_TEST_S3_URL names a bucket; `AWS_…` say how to get there, as for any user.
#include "store/object_store.h"

#include <gtest/gtest.h>

#include "base/byte_text.h"
#include "base/result_matchers.h"
#include "store/aws/s3_store.h"
#include "store/conditional_write_probe.h"
#include "store/local_store.h"
#include "store/random_name.h"
#include "store/scratch_folder.h"

namespace weir::store {
namespace {

using ::testing::ElementsAre;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string named(const std::string& variable) {
    return aws::process_environment()(variable).value_or("");
}

std::vector<std::string> kinds() {
    return named("WEIR_TEST_S3_URL").empty() ? std::vector<std::string>{"local"}
                                             : std::vector<std::string>{"local", "s3"};
}

class ObjectStoreTest : public ::testing::TestWithParam<std::string> {
protected:
    std::unique_ptr<ObjectStore> open() {
        if (GetParam() == "local") {
            return LocalStore::open(folder_.path()).value();
        }
        auto options = aws::parse_s3_url(named("WEIR_TEST_S3_URL")).value();
        options.prefix += "/" + prefix_;
        options.part_bytes = 5U << 20U;  // The least that S3 takes.
        if (named("WEIR_TEST_S3_PATH_STYLE") == "false") {
            options.path_style = false;
        }
        if (const std::string encryption = named("WEIR_TEST_S3_ENCRYPTION"); !encryption.empty()) {
            const bool kms = encryption == "kms";
            options.encryption = kms ? aws::ServerEncryption::kms : aws::ServerEncryption::s3;
            options.kms_key = kms ? "weir-key" : "";
        }
        auto opened = aws::S3Store::open(options, aws::process_environment(), clock_,
                                         std::make_unique<SystemPatience>());
        EXPECT_THAT(opened, IsOk());
        return opened ? *std::move(opened) : nullptr;
    }
    void SetUp() override { ASSERT_NE(store_, nullptr); }
    void TearDown() override {
        if (!store_) {
            return;
        }
        const auto objects = store_->list("").value();
        for (const ObjectInfo& object : objects) {
            EXPECT_THAT(store_->remove(object.key), IsOk());
        }
    }
    std::string read(std::string_view key) const {
        return std::string(as_text(store_->read(key).value().bytes));
    }
    std::vector<std::string> keys(std::string_view prefix) const {
        const std::vector<ObjectInfo> objects = store_->list(prefix).value();
        std::vector<std::string> keys;
        keys.reserve(objects.size());
        for (const ObjectInfo& object : objects) {
            keys.push_back(object.key);
        }
        return keys;
    }

    const SystemClock clock_;
    const ScratchFolder folder_;
    const std::string prefix_ = random_name().value();
    const std::unique_ptr<ObjectStore> store_ = open();
};

TEST_P(ObjectStoreTest, CreatesOnlyWhatIsAbsentAndReadsItBack) {
    ASSERT_THAT(create_object(*store_, "a/b", bytes_of("one")), IsOk());
    EXPECT_THAT(create_object(*store_, "a/b", bytes_of("two")), IsError(ErrorKind::already_exists));
    EXPECT_THAT(create_object(*store_, "a/b", bytes_of("one")), IsError(ErrorKind::already_exists));
    EXPECT_EQ(read("a/b"), "one");
    EXPECT_EQ(store_->stat("a/b")->bytes, 3U);
    EXPECT_EQ(store_->stat("a/b")->key, "a/b");
}

TEST_P(ObjectStoreTest, KeepsEveryLetterThatAKeyMayHave) {
    std::vector<std::string> written;
    for (char letter = ' '; letter <= '~'; ++letter) {
        if (letter != '/' && letter != '.') {
            written.push_back(std::string("y=2026 d+1/") + letter + "x");
        }
    }
    for (const std::string& key : written) {
        ASSERT_THAT(create_object(*store_, key, bytes_of(key)), IsOk()) << key;
        EXPECT_EQ(read(key), key);
    }
    EXPECT_EQ(keys("y=2026 d+1/"), written);
}

TEST_P(ObjectStoreTest, ShowsNothingBeforeFinishAndNothingOfADroppedSink) {
    {
        const auto sink = store_->create("a").value();
        ASSERT_THAT(sink->write(bytes_of("one")), IsOk());
        EXPECT_THAT(keys(""), ElementsAre());
        EXPECT_THAT(store_->read("a"), IsError(ErrorKind::not_found));
    }
    EXPECT_THAT(keys(""), ElementsAre());
}

TEST_P(ObjectStoreTest, TheFirstToFinishWinsThoughItIsLarge) {
    const std::vector<std::byte> bytes(12U << 20U, std::byte{'x'});
    const auto first = store_->create("a").value();
    const auto second = store_->create("a").value();
    ASSERT_THAT(first->write(bytes), IsOk());
    ASSERT_THAT(second->write(bytes), IsOk());
    ASSERT_THAT(second->finish(), IsOk());
    EXPECT_THAT(first->finish(), IsError(ErrorKind::already_exists));
    EXPECT_EQ(store_->read("a")->bytes, bytes);
    EXPECT_EQ(store_->read_range("a", bytes.size() - 2, 10)->size(), 2U);
}

TEST_P(ObjectStoreTest, ReplacesOnlyWhatWasRead) {
    const auto one = store_->replace("head", std::nullopt, bytes_of("one"));
    ASSERT_THAT(one, IsOk());
    EXPECT_THAT(store_->replace("head", std::nullopt, bytes_of("two")),
                IsError(ErrorKind::conflict));
    EXPECT_EQ(store_->read("head")->version, *one);
    const auto two = store_->replace("head", *one, bytes_of("two"));
    ASSERT_THAT(two, IsOk());
    EXPECT_NE(*one, *two);
    EXPECT_THAT(store_->replace("head", *one, bytes_of("three")), IsError(ErrorKind::conflict));
    EXPECT_THAT(store_->replace("none", *one, bytes_of("x")), IsError(ErrorKind::conflict));
    EXPECT_EQ(read("head"), "two");
}

TEST_P(ObjectStoreTest, OfManyWritersOneWins) {
    EXPECT_THAT(probe_conditional_writes(*store_, {.rounds = 10, .writers = 10}), IsOk());
    EXPECT_THAT(keys("probe/"), ElementsAre());
}

TEST_P(ObjectStoreTest, ReadsRanges) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("0123456789")), IsOk());
    ASSERT_THAT(create_object(*store_, "empty", {}), IsOk());
    EXPECT_EQ(as_text(*store_->read_range("a", 2, 3)), "234");
    EXPECT_EQ(as_text(*store_->read_range("a", 8, 10)), "89");
    EXPECT_EQ(as_text(*store_->read_range("a", 2, UINT64_MAX)), "23456789");
    EXPECT_EQ(as_text(*store_->read_range("a", 10, 1)), "");
    EXPECT_EQ(as_text(*store_->read_range("a", 2, 0)), "");
    EXPECT_EQ(as_text(*store_->read_range("empty", 0, 1)), "");
    EXPECT_EQ(read("empty"), "");
    EXPECT_THAT(store_->read_range("b", 0, 1), IsError(ErrorKind::not_found));
}

TEST_P(ObjectStoreTest, ListsByPrefixInKeyOrder) {
    for (const char* key : {"a/c", "a/b/d", "ab", "b", "a-x"}) {
        ASSERT_THAT(create_object(*store_, key, {}), IsOk());
    }
    EXPECT_THAT(keys("a/"), ElementsAre("a/b/d", "a/c"));
    EXPECT_THAT(keys("a"), ElementsAre("a-x", "a/b/d", "a/c", "ab"));
    EXPECT_THAT(keys("z/"), ElementsAre());
}

TEST_P(ObjectStoreTest, RemovesAndForgivesAbsence) {
    ASSERT_THAT(create_object(*store_, "a/b", {}), IsOk());
    EXPECT_THAT(store_->remove("a/b"), IsOk());
    EXPECT_THAT(store_->stat("a/b"), IsError(ErrorKind::not_found));
    EXPECT_THAT(store_->remove("a/b"), IsOk());
    EXPECT_THAT(create_object(*store_, "a/b", {}), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Of, ObjectStoreTest, ::testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace weir::store
