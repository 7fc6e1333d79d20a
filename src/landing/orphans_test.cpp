// Goal: of the files that nobody names only those go that are old by the store's own time and whose
// writer has been replaced. Method: a pipeline in a folder; files whose times the test sets.
#include "landing/orphans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/result_matchers.h"
#include "landing/landed_path.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::landing {
namespace {

using namespace std::chrono_literals;
using ::testing::UnorderedElementsAre;

constexpr std::string_view now_key = "lease/run";

class OrphansTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_THAT(ledger::Ledger::create(
                        *store_, key_,
                        {.pipeline = "claims", .source = "postgres", .release = "0.1.0"}, clock_),
                    IsOk());
        ASSERT_THAT(store_->replace(now_key, std::nullopt, {}), IsOk());
    }

    /// Makes an object whose file is of a lease and of an age.
    std::string make(std::uint32_t part, std::uint64_t epoch, std::chrono::hours age) {
        const std::string key = ledger::stored_key(
            cut_file_path({"claims", "claim"}, clock_.now(), {1}, part), {epoch});
        EXPECT_THAT(store::create_object(*store_, key, {}), IsOk());
        std::filesystem::last_write_time(
            folder_.path() / key, std::filesystem::last_write_time(folder_.path() / now_key) - age);
        return key;
    }

    std::vector<std::string> landed() const {
        const auto objects = store_->list("landing/").value();
        std::vector<std::string> keys(objects.size());
        std::ranges::transform(objects, keys.begin(), &store::ObjectInfo::key);
        return keys;
    }

    const store::ScratchFolder folder_;
    // Far from the store's time, which alone decides.
    ManualClock clock_{Timestamp(std::chrono::sys_days(std::chrono::year(2001) / 1 / 31))};
    const ledger::SigningKey key_ =
        ledger::SigningKey::from_seed("example.com/claims", ledger::Seed{}).value();
    const std::unique_ptr<store::LocalStore> store_ =
        store::LocalStore::open(folder_.path()).value();
};

TEST_F(OrphansTest, GoOnceTheyAreOldAndTheirWriterWasReplaced) {
    const auto ledger = ledger::Ledger::open(*store_, key_, clock_).value();
    ASSERT_THAT(ledger->take_lease(ledger::Stage::capture), IsOk());
    const ledger::Lease lease = ledger->take_lease(ledger::Stage::capture).value();
    make(1, 1, orphan_age_min);
    const std::string young = make(2, 1, orphan_age_min - 1h);
    const std::string of_the_holder = make(3, 2, 10 * orphan_age_min);
    EXPECT_EQ(remove_orphans(*store_, *ledger, now_key).value(), 1U);
    EXPECT_THAT(landed(), UnorderedElementsAre(young, of_the_holder));
    EXPECT_EQ(remove_orphans(*store_, *ledger, now_key).value(), 0U);
}

TEST_F(OrphansTest, AreLeftAloneWithoutATimeToCompareWith) {
    const auto ledger = ledger::Ledger::open(*store_, key_, clock_).value();
    ASSERT_THAT(ledger->take_lease(ledger::Stage::capture), IsOk());
    ASSERT_THAT(ledger->take_lease(ledger::Stage::capture), IsOk());
    const std::string old = make(1, 1, 2 * orphan_age_min);
    EXPECT_THAT(remove_orphans(*store_, *ledger, "lease/none"), IsError(ErrorKind::not_found));
    EXPECT_THAT(landed(), UnorderedElementsAre(old));
}

}  // namespace
}  // namespace weir::landing
