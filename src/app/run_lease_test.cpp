// Goal: one process at a time leads, by what it sees and its own steady clock; who was away too
// long hears that somebody else leads. Method: two processes on one store, with clocks of their own
// that the test moves.
#include "app/run_lease.h"

#include <gtest/gtest.h>

#include "base/result_matchers.h"
#include "store/faulty_store.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class RunLeaseTest : public ::testing::Test {
protected:
    static LeaseNote named(const std::string& name) {
        return {.host = name, .process = 7, .run = name};
    }

    const store::ScratchFolder folder_;
    const std::unique_ptr<store::LocalStore> store_ =
        store::LocalStore::open(folder_.path()).value();
    ManualClock leaders_{Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31))};
    ManualClock standbys_{Timestamp(std::chrono::sys_days(std::chrono::year(1999) / 1 / 31))};
    RunLease leader_{*store_, leaders_, named("a")};
    RunLease standby_{*store_, standbys_, named("b")};
};

TEST_F(RunLeaseTest, ReadsWhatItWrites) {
    LeaseNote note = named("host \"one\"");
    note.number = 12;
    note.held = false;
    const std::string text = format_lease(note);
    const auto again = parse_lease(std::as_bytes(std::span(text)));
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(format_lease(*again), text);
    for (const std::string_view bad : {"", "{}", "[1]", "{\"format\":\"weir lease v2\"}"}) {
        EXPECT_THAT(parse_lease(std::as_bytes(std::span(bad))), IsError(ErrorKind::corrupt)) << bad;
    }
}

TEST_F(RunLeaseTest, AStandbyWaitsAsLongAsTheLeaderRenews) {
    EXPECT_TRUE(standby_.look().value());
    ASSERT_THAT(leader_.take_from_anybody(), IsOk());
    for (int renewal = 0; renewal < 10; ++renewal) {
        EXPECT_FALSE(standby_.look().value());
        standbys_.advance(RunLease::lasts - 1s);
        EXPECT_FALSE(standby_.look().value());
        ASSERT_THAT(leader_.renew(), IsOk());
    }
    EXPECT_EQ(read_lease(*store_)->value().number, 11U);
}

TEST_F(RunLeaseTest, AStandbyTakesWhatStoodStillForAWholeLease) {
    ASSERT_THAT(leader_.take_from_anybody(), IsOk());
    EXPECT_FALSE(standby_.look().value());
    standbys_.advance(RunLease::lasts);
    EXPECT_TRUE(standby_.look().value());
    ASSERT_THAT(standby_.take(), IsOk());
    EXPECT_EQ(read_lease(*store_)->value().holder(), "process 7 on host b");
    EXPECT_THAT(leader_.renew(), IsError(ErrorKind::denied, HasSubstr("process 7 on host b")));
    EXPECT_THAT(leader_.renew(), IsError(ErrorKind::denied));
    EXPECT_THAT(leader_.give_back(), IsOk());
    EXPECT_TRUE(read_lease(*store_)->value().held);
}

TEST_F(RunLeaseTest, ARenewalInTheLastMomentWins) {
    ASSERT_THAT(leader_.take_from_anybody(), IsOk());
    EXPECT_FALSE(standby_.look().value());
    standbys_.advance(RunLease::lasts);
    EXPECT_TRUE(standby_.look().value());
    ASSERT_THAT(leader_.renew(), IsOk());
    EXPECT_THAT(standby_.take(), IsError(ErrorKind::conflict));
    EXPECT_FALSE(standby_.look().value());
}

TEST_F(RunLeaseTest, WhatIsGivenBackIsTakenAtOnce) {
    ASSERT_THAT(leader_.take_from_anybody(), IsOk());
    EXPECT_FALSE(standby_.look().value());
    ASSERT_THAT(leader_.give_back(), IsOk());
    EXPECT_TRUE(standby_.look().value());
    EXPECT_THAT(standby_.take(), IsOk());
}

TEST_F(RunLeaseTest, OfTwoStandbysOneTakesIt) {
    RunLease other(*store_, standbys_, named("c"));
    EXPECT_TRUE(standby_.look().value());
    EXPECT_TRUE(other.look().value());
    EXPECT_THAT(standby_.take(), IsOk());
    EXPECT_THAT(other.take(), IsError(ErrorKind::conflict));
}

TEST_F(RunLeaseTest, AnUnknownOutcomeIsLookedUp) {
    for (const store::Fault fault :
         {store::Fault::in_doubt, store::Fault::done_twice, store::Fault::late}) {
        store::FaultyStore faulty(*store_, fault, 2);
        RunLease lease(faulty, leaders_, named("d"));
        ASSERT_THAT(lease.take_from_anybody(), IsOk());
        EXPECT_THAT(lease.renew(), IsOk());
        EXPECT_TRUE(faulty.has_broken());
        EXPECT_THAT(lease.renew(), IsOk());
    }
}

TEST_F(RunLeaseTest, AStandbyIsStoppedWhileItWaits) {
    ASSERT_THAT(leader_.take_from_anybody(), IsOk());
    std::stop_source stop;
    const auto on_wait = [&](const std::string& says) {
        EXPECT_THAT(says, HasSubstr("process 7 on host a leads"));
        stop.request_stop();
    };
    EXPECT_THAT(stand_by(
                    standby_, [] { return Status(); }, on_wait, stop.get_token()),
                IsError(ErrorKind::cancelled));
}

TEST_F(RunLeaseTest, ItIsGivenBackWhenTheWorkIsDone) {
    ASSERT_THAT(leader_.take_from_anybody(), IsOk());
    const auto work = [] { return Status(fail(ErrorKind::unavailable, "away")); };
    EXPECT_THAT(while_leading(leader_, {}, {}, work), IsError(ErrorKind::unavailable));
    EXPECT_TRUE(standby_.look().value());
}

}  // namespace
}  // namespace weir::app
