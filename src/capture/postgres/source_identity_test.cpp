// Goal: a timeline's history file is read as PostgreSQL writes it.
#include "capture/postgres/source_identity.h"

#include <gmock/gmock.h>

#include "base/result_matchers.h"

namespace weir::capture::postgres {
namespace {

using change::Position;
using End = std::optional<Position>;

constexpr auto history =
    "# written by hand\n"
    "1\t0/3000148\tno recovery target specified\n"
    "\n"
    "2\t16/B374D848\tbefore 2026-01-31 00:00:00+00\n";

TEST(EndOfTimelineTest, IsWhereTheHistoryLeftIt) {
    EXPECT_THAT(end_of_timeline(history, 1), HasValue(End(Position(0x300'0148))));
    EXPECT_THAT(end_of_timeline(history, 2), HasValue(End(Position(0x16'B374'D848))));
}

TEST(EndOfTimelineTest, IsNoneOfATimelineThatIsNoAncestor) {
    EXPECT_THAT(end_of_timeline(history, 3), HasValue(End()));
    EXPECT_THAT(end_of_timeline("", 1), HasValue(End()));
}

TEST(EndOfTimelineTest, IsRefusedIfItIsNoPosition) {
    EXPECT_THAT(end_of_timeline("1\tnowhere\n", 1), IsError(ErrorKind::invalid));
}

}  // namespace
}  // namespace weir::capture::postgres
