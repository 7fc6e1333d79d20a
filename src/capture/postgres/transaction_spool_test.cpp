// Goal: a streamed transaction comes back whole and in order, without what it rolled back, from
// memory and from sealed files alike; and no file shows what is in it.
#include "capture/postgres/transaction_spool.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::capture::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TransactionSpoolTest : public ::testing::TestWithParam<std::uint64_t> {
protected:
    void add(std::uint32_t transaction, std::uint32_t subtransaction, const std::string& message) {
        ASSERT_THAT(spool_.add(transaction, subtransaction, std::as_bytes(std::span(message))),
                    IsOk());
    }
    std::vector<std::string> replay(std::uint32_t transaction) {
        std::vector<std::string> messages;
        const auto visit = [&](std::span<const std::byte> message) -> Status {
            std::string& text = messages.emplace_back();
            for (const std::byte byte : message) {
                text += static_cast<char>(byte);
            }
            return {};
        };
        EXPECT_THAT(spool_.replay(transaction, visit), IsOk());
        return messages;
    }
    std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            found.push_back(entry.path());
        }
        return found;
    }

    store::ScratchFolder folder_;
    TransactionSpool spool_{folder_.path(), GetParam()};
};

TEST_P(TransactionSpoolTest, GivesBackEachTransactionInItsOrder) {
    add(1, 1, "a");
    add(2, 2, "x");
    add(1, 3, "");
    add(1, 1, "c");
    EXPECT_THAT(replay(1), ElementsAre("a", "", "c"));
    EXPECT_THAT(replay(1), IsEmpty());
    EXPECT_THAT(replay(2), ElementsAre("x"));
    EXPECT_TRUE(spool_.empty());
    EXPECT_EQ(spool_.memory_bytes(), 0U);
    EXPECT_THAT(files(), IsEmpty());
}

TEST_P(TransactionSpoolTest, ForgetsWhatWasRolledBack) {
    add(1, 1, "a");
    add(1, 5, "gone");
    add(1, 1, "b");
    add(2, 2, "gone too");
    spool_.abort(1, 5);
    spool_.abort(2, 2);
    spool_.abort(3, 3);
    EXPECT_THAT(replay(1), ElementsAre("a", "b"));
    EXPECT_THAT(replay(2), IsEmpty());
    EXPECT_THAT(files(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(InMemoryAndOnDisk, TransactionSpoolTest,
                         ::testing::Values(1'000'000U, 12U, 0U));

TEST(TransactionSpool, SealsWhatLiesOnDiskAndEmptiesItsFolder) {
    const store::ScratchFolder folder;
    const std::string secret = "123-45-6789 and more so that it is found if it is there";
    const auto file = folder.path() / "1.spool";
    {
        TransactionSpool spool(folder.path(), 0);
        for (int message = 0; message < 5'000; ++message) {
            ASSERT_THAT(spool.add(1, 1, std::as_bytes(std::span(secret))), IsOk());
        }
        std::ifstream bytes(file);
        const std::string text{std::istreambuf_iterator<char>(bytes), {}};
        EXPECT_GT(text.size(), 100'000U);
        EXPECT_EQ(text.find("123-45"), std::string::npos);
    }
    EXPECT_FALSE(std::filesystem::exists(file));
    std::ofstream(file) << "left by a process that was killed";
    const TransactionSpool next(folder.path(), 0);
    EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace weir::capture::postgres
