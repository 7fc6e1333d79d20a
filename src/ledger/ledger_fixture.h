#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/ledger.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::ledger {

/// A ledger in a folder of its own, for tests.
class LedgerFixture : public ::testing::Test {
protected:
    void create() {
        ASSERT_TRUE(
            Ledger::create(*store_, key_,
                           {.pipeline = "claims", .source = "postgres claims", .release = "0.1.0"},
                           clock_)
                .has_value());
    }
    std::unique_ptr<Ledger> open() { return Ledger::open(*store_, key_, clock_).value(); }

    /// Returns a body that says which one it is.
    static EntryBody numbered(std::uint64_t number) {
        return PositionAdvanced{.position = change::Position(number)};
    }
    static std::vector<std::uint64_t> numbers(const std::vector<Entry>& entries) {
        std::vector<std::uint64_t> numbers;
        for (const Entry& entry : entries) {
            if (const auto* const body = std::get_if<PositionAdvanced>(&entry.body)) {
                numbers.push_back(body->position.offset());
            }
        }
        return numbers;
    }
    std::vector<std::string> keys(std::string_view prefix) const {
        const auto objects = store_->list(prefix).value();
        std::vector<std::string> keys;
        keys.reserve(objects.size());
        for (const store::ObjectInfo& object : objects) {
            keys.push_back(object.key);
        }
        return keys;
    }

    const store::ScratchFolder folder_;
    ManualClock clock_{Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31))};
    const SigningKey key_ = SigningKey::from_seed("example.com/claims", Seed{}).value();
    const std::unique_ptr<store::LocalStore> store_ =
        store::LocalStore::open(folder_.path()).value();
};

}  // namespace weir::ledger
