// Goal: what was sealed comes back byte for byte, and nothing else ever does.
// Method: sizes around the frame's; then every kind of tampering on the sealed bytes.
#include "store/sealed_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "base/result_matchers.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::store {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::byte>;

constexpr std::size_t sealed_bytes = frame_bytes + tag_bytes;

class SealedFileTest : public ::testing::Test {
protected:
    static Bytes random_bytes(std::size_t size) {
        std::mt19937 random(static_cast<unsigned>(size));
        Bytes bytes(size);
        std::ranges::generate(bytes, [&] { return static_cast<std::byte>(random() & 0xFFU); });
        return bytes;
    }

    Bytes seal(std::span<const std::byte> plain, std::size_t piece = 10'000) {
        const std::string key = fmt::format("f{}", ++files_);
        const auto writer = SealedWriter::create(store_->create(key).value(), key_).value();
        while (!plain.empty()) {
            const auto part = plain.first(std::min(piece, plain.size()));
            EXPECT_THAT(writer->write(part), IsOk());
            plain = plain.subspan(part.size());
        }
        EXPECT_THAT(writer->finish(), IsOk());
        return store_->read(key)->bytes;
    }

    Result<Bytes> open(std::span<const std::byte> sealed) {
        const std::string key = fmt::format("f{}", ++files_);
        EXPECT_THAT(create_object(*store_, key, sealed), IsOk());
        TRY_LET(const auto reader,
                SealedReader::open(std::make_unique<ObjectSource>(*store_, key), key_));
        return reader->read_all();
    }

    const ScratchFolder folder_;
    const std::unique_ptr<LocalStore> store_ = LocalStore::open(folder_.path()).value();
    const SealingKey key_ = SealingKey::random().value();
    int files_ = 0;
};

TEST_F(SealedFileTest, GivesBackWhatItTook) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, frame_bytes - 1, frame_bytes,
                                   frame_bytes + 1, 3 * frame_bytes, 3 * frame_bytes + 7}) {
        const Bytes plain = random_bytes(size);
        const Bytes sealed = seal(plain);
        const std::size_t frames = std::max<std::size_t>(1, (size + frame_bytes - 1) / frame_bytes);
        EXPECT_EQ(sealed.size(), sealed_header_bytes + size + frames * tag_bytes);
        EXPECT_THAT(open(sealed), HasValue(plain)) << size;
    }
}

TEST_F(SealedFileTest, HoldsNoPlainBytes) {
    const Bytes plain(100, std::byte{'x'});
    const Bytes sealed = seal(plain);
    EXPECT_TRUE(std::ranges::search(sealed, Bytes(4, std::byte{'x'})).empty());
    EXPECT_NE(seal(plain), sealed);
}

TEST_F(SealedFileTest, RefusesEveryFlippedBitOfASmallFile) {
    const Bytes sealed = seal(random_bytes(20));
    for (std::size_t offset = 0; offset < sealed.size(); ++offset) {
        Bytes tampered = sealed;
        tampered[offset] ^= std::byte{1};
        EXPECT_FALSE(open(tampered).has_value()) << offset;
    }
}

TEST_F(SealedFileTest, RefusesEveryTornSmallFile) {
    const Bytes sealed = seal(random_bytes(20));
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_THAT(open(std::span(sealed).first(size)), IsError(ErrorKind::corrupt)) << size;
    }
}

TEST_F(SealedFileTest, RefusesFramesOutOfPlace) {
    const Bytes sealed = seal(random_bytes(3 * frame_bytes));
    const auto frame = [](std::size_t number) {
        return static_cast<std::ptrdiff_t>(sealed_header_bytes + number * sealed_bytes);
    };
    Bytes swapped = sealed;
    std::swap_ranges(swapped.begin() + frame(0), swapped.begin() + frame(1),
                     swapped.begin() + frame(1));
    Bytes dropped = sealed;
    dropped.erase(dropped.begin() + frame(1), dropped.begin() + frame(2));
    Bytes repeated = sealed;
    repeated.insert(repeated.end(), sealed.begin() + frame(2), sealed.end());
    Bytes longer = sealed;
    longer.push_back(std::byte{0});
    const Bytes cut(sealed.begin(), sealed.begin() + frame(2));
    for (const Bytes& tampered : {swapped, dropped, repeated, longer, cut}) {
        EXPECT_THAT(open(tampered), IsError(ErrorKind::corrupt, HasSubstr("frame=")));
    }
}

TEST_F(SealedFileTest, RefusesFramesOfAnotherFile) {
    const Bytes plain = random_bytes(2 * frame_bytes);
    Bytes mixed = seal(plain);
    const Bytes other = seal(plain);
    std::ranges::copy(other.begin() + sealed_header_bytes, other.end(),
                      mixed.begin() + sealed_header_bytes);
    EXPECT_THAT(open(mixed), IsError(ErrorKind::corrupt));
}

TEST_F(SealedFileTest, RefusesAnotherVersion) {
    Bytes sealed = seal(random_bytes(1));
    sealed[11] = std::byte{2};
    EXPECT_THAT(open(sealed), IsError(ErrorKind::unsupported));
}

TEST_F(SealedFileTest, SpoolsToALocalFile) {
    const auto path = folder_.path() / "spool-1";
    const Bytes plain = random_bytes(100'000);
    const auto writer = SealedWriter::create_file(path, key_).value();
    ASSERT_THAT(writer->write(plain), IsOk());
    ASSERT_THAT(writer->finish(), IsOk());
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_THAT(SealedReader::open_file(path, key_).value()->read_all(), HasValue(plain));
    EXPECT_THAT(SealedWriter::create_file(path, key_), IsError(ErrorKind::already_exists));
    const SealingKey other = SealingKey::random().value();
    EXPECT_THAT(SealedReader::open_file(path, other).value()->read_all(),
                IsError(ErrorKind::corrupt));
}

TEST_F(SealedFileTest, AnUnfinishedFileDoesNotOpen) {
    const auto path = folder_.path() / "spool-1";
    {
        const auto writer = SealedWriter::create_file(path, key_).value();
        ASSERT_THAT(writer->write(random_bytes(3 * frame_bytes)), IsOk());
    }
    EXPECT_THAT(SealedReader::open_file(path, key_).value()->read_all(),
                IsError(ErrorKind::corrupt));
}

TEST_F(SealedFileTest, KeyFilesAreMadeOnceAndForTheOwnerOnly) {
    const auto path = folder_.path() / "keys/quarantine.key";
    const SealingKey made = SealingKey::load_or_create(path).value();
    const SealingKey loaded = SealingKey::load_or_create(path).value();
    EXPECT_TRUE(std::ranges::equal(made.bytes(), loaded.bytes()));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
    EXPECT_THAT(SealingKey::load_or_create(path),
                IsError(ErrorKind::denied, HasSubstr("mode=640")));
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    std::ofstream(path) << "short\n";
    EXPECT_THAT(SealingKey::load_or_create(path), IsError(ErrorKind::corrupt));
}

}  // namespace
}  // namespace weir::store
