// Goal: what is wrapped opens with the same keyring, class and version, and with nothing else.
#include "store/local_keyring.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>
#include <vector>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::store {
namespace {

using ::testing::HasSubstr;

class LocalKeyringTest : public ::testing::Test {
protected:
    std::unique_ptr<LocalKeyring> open() { return LocalKeyring::open(path_).value(); }

    static std::vector<std::byte> bytes_of(const SealingKey& key) {
        return {key.bytes().begin(), key.bytes().end()};
    }

    void write_file(const std::string& text) {
        std::ofstream(path_) << text;
        ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    }

    ScratchFolder folder_;
    std::string path_ = folder_.path() / "keyring";
    SealingKey key_ = SealingKey::random().value();
};

TEST_F(LocalKeyringTest, OpensWhatItWrappedAlsoInAnotherProcess) {
    const auto wrapped = open()->wrap("phi.ssn", key_);
    ASSERT_THAT(wrapped, IsOk());
    EXPECT_TRUE(wrapped->starts_with("v1:"));
    const auto opened = open()->unwrap("phi.ssn", *wrapped);
    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(bytes_of(*opened), bytes_of(key_));
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(LocalKeyringTest, FindsAKeyThatAnotherProcessMadeMeanwhile) {
    const auto early = open();
    const auto wrapped = open()->wrap("phi.ssn", key_);
    EXPECT_THAT(early->unwrap("phi.ssn", *wrapped), IsOk());
    EXPECT_TRUE(early->wrap("phi.ssn", key_)->starts_with("v1:"));
}

TEST_F(LocalKeyringTest, RefusesAnotherClassAChangedTextAndAnotherVersion) {
    const auto keyring = open();
    const std::string wrapped = keyring->wrap("phi.ssn", key_).value();
    ASSERT_THAT(keyring->wrap("phi.name", key_), IsOk());
    ASSERT_THAT(keyring->rotate("phi.ssn"), HasValue(2U));
    EXPECT_THAT(keyring->unwrap("phi.name", wrapped), IsError(ErrorKind::corrupt));
    EXPECT_THAT(keyring->unwrap("phi.ssn", "v2" + wrapped.substr(2)), IsError(ErrorKind::corrupt));
    EXPECT_THAT(keyring->unwrap("phi.ssn", wrapped.substr(3)), IsError(ErrorKind::corrupt));
    for (std::size_t at = 3; at < wrapped.size(); ++at) {
        std::string changed = wrapped;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_THAT(keyring->unwrap("phi.ssn", changed), IsError(ErrorKind::corrupt)) << at;
    }
}

TEST_F(LocalKeyringTest, RotationLeavesEarlierKeysAndDestructionTakesOne) {
    const auto keyring = open();
    const std::string before = keyring->wrap("default", key_).value();
    ASSERT_THAT(keyring->rotate("default"), HasValue(2U));
    const std::string after = keyring->wrap("default", key_).value();
    EXPECT_TRUE(after.starts_with("v2:"));
    EXPECT_THAT(keyring->unwrap("default", before), IsOk());
    ASSERT_THAT(keyring->destroy("default", 1), IsOk());
    EXPECT_THAT(open()->unwrap("default", before),
                IsError(ErrorKind::denied, HasSubstr("class=default, version=1")));
    EXPECT_THAT(open()->unwrap("default", after), IsOk());
    EXPECT_THAT(keyring->destroy("default", 3), IsError(ErrorKind::not_found));
    EXPECT_THAT(keyring->destroy("other", 1), IsError(ErrorKind::not_found));
}

// Those who come first at the same time agree on one key.
TEST_F(LocalKeyringTest, ProcessesThatMakeAClassAtOnceAgree) {
    std::vector<std::string> wrapped(8);
    {
        std::vector<std::jthread> threads;
        threads.reserve(wrapped.size());
        for (std::string& text : wrapped) {
            threads.emplace_back([&] { text = open()->wrap("default", key_).value(); });
        }
    }
    const auto keyring = open();
    for (const std::string& text : wrapped) {
        EXPECT_THAT(keyring->unwrap("default", text), IsOk());
    }
}

TEST_F(LocalKeyringTest, SaysWhatIsWrongWithItsFile) {
    write_file("weir keyring v2\n");
    EXPECT_THAT(LocalKeyring::open(path_), IsError(ErrorKind::corrupt, HasSubstr("first line")));
    const std::string digits(64, 'a');
    for (const std::string& line :
         {std::string("default"), std::string("default 1"), "default 0 " + digits,
          "default x " + digits, "default 1 " + digits + "a", "default 1 " + digits + "\ncut"}) {
        write_file("weir keyring v1\n" + line + (line.ends_with("cut") ? "" : "\n"));
        EXPECT_THAT(LocalKeyring::open(path_), IsError(ErrorKind::corrupt, HasSubstr("line=")))
            << line;
    }
    write_file("weir keyring v1\ndefault 1 " + digits + "\n");
    EXPECT_THAT(LocalKeyring::open(path_), IsOk());
    ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
    EXPECT_THAT(LocalKeyring::open(path_), IsError(ErrorKind::denied));
}

TEST_F(LocalKeyringTest, RefusesNamesThatAreNoClass) {
    for (const std::string name : {"", "a b", "a\n", "ä"}) {
        EXPECT_THAT(open()->wrap(name, key_), IsError(ErrorKind::invalid)) << name;
    }
    EXPECT_THAT(open()->wrap(std::string(65, 'a'), key_), IsError(ErrorKind::invalid));
}

}  // namespace
}  // namespace weir::store
