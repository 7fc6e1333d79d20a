// Goal: whatever call of the store fails, is late, torn or stale, or is the process's last, the
// ledger opens again, holds the old entries or the new ones too, and all that an append reported as
// done. Method: the same scenario again and again, breaking the 1st, 2nd, ... call that the fault
// befalls until a run is through without a break.
#include <algorithm>

#include "base/result_matchers.h"
#include "ledger/ledger_fixture.h"
#include "store/faulty_store.h"

namespace weir::ledger {
namespace {

using store::Fault;

class CrashTest : public LedgerFixture, public ::testing::WithParamInterface<Fault> {
protected:
    /// Creates a ledger and appends across the end of a tile; returns what was acknowledged.
    std::vector<std::uint64_t> run(store::ObjectStore& store) {
        std::vector<std::uint64_t> acknowledged;
        if (!Ledger::create(store, key_, {.pipeline = "claims", .source = "s", .release = "r"},
                            clock_)) {
            return acknowledged;
        }
        const auto ledger = Ledger::open(store, key_, clock_);
        if (!ledger) {
            return acknowledged;
        }
        const auto lease = (*ledger)->take_lease(Stage::capture);
        for (std::uint64_t number = 0; lease && number < 6; ++number) {
            const std::vector<EntryBody> bodies(number == 1 ? 253 : 1, numbered(number));
            clock_.advance(number % 2 == 0 ? Ledger::finish_interval : std::chrono::seconds(0));
            if ((*ledger)->append(*lease, bodies)) {
                acknowledged.insert(acknowledged.end(), bodies.size(), number);
            }
        }
        return acknowledged;
    }

    void check_recovery(std::span<const std::uint64_t> acknowledged) {
        auto again = Ledger::open(*store_, key_, clock_);
        if (!again && again.error().kind() == ErrorKind::not_found) {
            EXPECT_TRUE(acknowledged.empty());
            create();
            again = Ledger::open(*store_, key_, clock_);
        }
        ASSERT_THAT(again, IsOk());
        const auto held = numbers((*again)->read_from({}).value());
        EXPECT_TRUE(std::ranges::includes(held, acknowledged));
        check_whole(held);
        const Lease lease = (*again)->take_lease(Stage::capture).value();
        const EntryBody more[] = {numbered(99)};
        EXPECT_THAT((*again)->append(lease, more), IsOk());
        EXPECT_EQ(numbers(open()->read_from({}).value()).size(), held.size() + 1);
    }

    /// No append is there by half: the second one has 253 entries.
    static void check_whole(const std::vector<std::uint64_t>& held) {
        const auto big = std::ranges::count(held, std::uint64_t{1});
        EXPECT_TRUE(big == 0 || big == 253) << big;
    }

    /// How often the scenario makes a call at least that the fault may befall.
    static std::uint64_t calls_min() {
        switch (GetParam()) {
            case Fault::stale: return 2;
            case Fault::late:
            case Fault::done_twice:
            case Fault::torn:
            case Fault::stopped_within: return 20;
            default: return 40;
        }
    }

    void reset() {
        for (const std::string& key : keys("")) {
            ASSERT_THAT(store_->remove(key), IsOk());
        }
    }
};

TEST_P(CrashTest, IsOldOrNewNeverBetween) {
    bool broken = true;
    std::uint64_t call = 1;
    for (; broken; ++call) {
        SCOPED_TRACE(fmt::format("call {}", call));
        reset();
        store::FaultyStore faulty(*store_, GetParam(), call);
        const auto acknowledged = run(faulty);
        broken = faulty.has_broken();
        check_recovery(acknowledged);
        if (HasFatalFailure()) {
            return;
        }
    }
    EXPECT_GT(call, calls_min());
}

INSTANTIATE_TEST_SUITE_P(EveryFault, CrashTest,
                         ::testing::Values(Fault::refused, Fault::in_doubt, Fault::late,
                                           Fault::done_twice, Fault::torn, Fault::stale,
                                           Fault::stopped_before, Fault::stopped_within,
                                           Fault::stopped_after));

using InDoubtTest = LedgerFixture;

TEST_F(InDoubtTest, AnUnknownOutcomeIsLookedUp) {
    create();
    for (const Fault fault : {Fault::in_doubt, Fault::late, Fault::done_twice}) {
        store::FaultyStore faulty(*store_, fault, 1);  // The swap.
        const auto before = open()->size();
        const auto ledger = Ledger::open(faulty, key_, clock_).value();
        const Lease lease = ledger->take_lease(Stage::capture).value();
        EXPECT_TRUE(faulty.has_broken());
        EXPECT_EQ(open()->size().entries, before.entries + 1);
        EXPECT_THAT(ledger->append(lease, std::vector{numbered(1)}), IsOk());
        EXPECT_EQ(open()->read_from(before)->size(), 2U);
    }
}

TEST_F(InDoubtTest, IsFoundOutByTheNextAppendIfTheLookFails) {
    create();
    bool found = false;
    for (std::uint64_t call = 1; !found; ++call) {
        ASSERT_LT(call, 100U);
        const Epoch before = open()->take_lease(Stage::capture)->epoch;
        store::FaultyStore doubted(*store_, Fault::in_doubt, 1);
        store::FaultyStore faulty(doubted, Fault::refused, call);
        const auto ledger = Ledger::open(faulty, key_, clock_);
        const auto lease = ledger ? (*ledger)->take_lease(Stage::capture) : Lease{};
        found = !lease && lease.error().kind() == ErrorKind::in_doubt;
        if (found) {
            EXPECT_EQ((*ledger)->take_lease(Stage::capture)->epoch.value, before.value + 2);
        }
    }
}

}  // namespace
}  // namespace weir::ledger
