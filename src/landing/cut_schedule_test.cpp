#include "landing/cut_schedule.h"

#include <gtest/gtest.h>

#include "base/result_matchers.h"

namespace weir::landing {
namespace {

using change::Position;

TEST(IntervalBoundary, EndsCutsByAgeOrSize) {
    ManualClock clock{Timestamp{}};
    IntervalBoundary boundary(
        clock, {.interval = std::chrono::milliseconds(1000), .decoded_bytes_max = 500});
    ASSERT_THAT(boundary.begin_cut(Position(1)), IsOk());
    EXPECT_FALSE(
        boundary.ends_here({.position = Position(2), .transactions = 1, .decoded_bytes = 499}));
    EXPECT_TRUE(
        boundary.ends_here({.position = Position(2), .transactions = 2, .decoded_bytes = 500}));
    clock.advance(std::chrono::milliseconds(999));
    EXPECT_FALSE(boundary.ends_here({}));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(boundary.ends_here({}));
    // What the landing took is no part of the next cut's interval, but some reading is.
    clock.advance(std::chrono::milliseconds(300));
    ASSERT_THAT(boundary.begin_cut(Position(2)), IsOk());
    clock.advance(std::chrono::milliseconds(699));
    EXPECT_FALSE(boundary.ends_here({}));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(boundary.ends_here({}));
    clock.advance(std::chrono::milliseconds(5000));
    ASSERT_THAT(boundary.begin_cut(Position(3)), IsOk());
    clock.advance(std::chrono::milliseconds(199));
    EXPECT_FALSE(boundary.ends_here({}));
    clock.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(boundary.ends_here({}));
}

TEST(RecordedBoundary, EndsCutsWhereTheyEnded) {
    RecordedBoundary boundary({Position(10), Position(20), Position(30)});
    ASSERT_THAT(boundary.begin_cut(Position(10)), IsOk());
    EXPECT_FALSE(boundary.ends_here({.position = Position(15), .transactions = 1}));
    EXPECT_TRUE(boundary.ends_here({.position = Position(20), .transactions = 2}));
    ASSERT_THAT(boundary.accept(Position(20)), IsOk());
    ASSERT_THAT(boundary.begin_cut(Position(20)), IsOk());
    EXPECT_TRUE(boundary.ends_here({.position = Position(31), .transactions = 1}));
    EXPECT_THAT(boundary.accept(Position(31)), IsError(ErrorKind::invalid));
    EXPECT_FALSE(boundary.over());
    EXPECT_THAT(boundary.accept(Position(30)), IsOk());
    EXPECT_TRUE(boundary.over());
}

// Silence that runs past a recorded end means that this log has no such transaction.
TEST(RecordedBoundary, RefusesSilencePastARecordedEnd) {
    RecordedBoundary boundary({Position(20)});
    ASSERT_THAT(boundary.begin_cut(Position(10)), IsOk());
    EXPECT_THAT(boundary.begin_cut(Position(25)), IsError(ErrorKind::invalid));
}

TEST(TransactionEnd, KeepsTheLastTransactionsEnd) {
    RecordedBoundary never({});
    TransactionEnd end(never, [](Position position) { return position >= Position(50); });
    EXPECT_FALSE(end.ends_here({.position = Position(10), .transactions = 1}));
    EXPECT_FALSE(end.ends_here({.position = Position(40), .transactions = 1}));
    EXPECT_TRUE(end.ends_here({.position = Position(50), .transactions = 1}));
    EXPECT_EQ(end.of({.position = Position(50), .transactions = 1, .commit_time = {}}),
              Position(10));
    // A source that ended without asking about its last transaction is believed.
    EXPECT_EQ(end.of({.position = Position(60), .transactions = 2, .commit_time = {}}),
              Position(60));
}

}  // namespace
}  // namespace weir::landing
