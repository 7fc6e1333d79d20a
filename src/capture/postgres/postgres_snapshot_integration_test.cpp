// Goal: a snapshot holds the rows of its position, whatever else is done to its tables meanwhile.
// Method: a real server; another session truncates, which takes rows away from older snapshots too.
#include "capture/postgres/postgres_snapshot.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "capture/postgres/capture_fixture.h"

namespace weir::capture::postgres {
namespace {

using namespace std::chrono_literals;

class PostgresSnapshotTest : public CaptureTest {
protected:
    void make_table() const {
        run("CREATE TABLE claims.claim (id int PRIMARY KEY); INSERT INTO claims.claim VALUES (0)");
    }
};

TEST_F(PostgresSnapshotTest, KeepsTruncateAwayUntilItEnds) {
    make_table();
    run("SET lock_timeout = '50ms'");
    auto begun = PostgresSnapshot::begin(options, PostgresSnapshot::Mode::with_slot, 1, {});
    ASSERT_THAT(begun, IsOk());
    EXPECT_FALSE(session->execute("TRUNCATE claims.claim").has_value());
    run("INSERT INTO claims.claim VALUES (1)");
    RecordingSink sink;
    ASSERT_THAT((*begun)->read_chunk((*begun)->plan().chunks.front(), 0, sink, {}), IsOk());
    EXPECT_EQ(written_rows(sink.batches).size(), 1U);
    begun->reset();
    run("SET lock_timeout = 0; TRUNCATE claims.claim");
}

TEST_F(PostgresSnapshotTest, HoldsTheRowsOfATableThatIsTruncatedAgainAndAgain) {
    make_table();
    const std::jthread payer([this](const std::stop_token& stop) {
        auto other = Connection::open(options.url).value();
        while (!stop.stop_requested()) {
            EXPECT_THAT(other.execute("BEGIN; TRUNCATE claims.claim; INSERT INTO claims.claim "
                                      "VALUES (1); COMMIT"),
                        IsOk());
            std::this_thread::sleep_for(20ms);
        }
    });
    for (int round = 0; round < 10; ++round) {
        RecordingSink sink;
        snapshot(sink);
        EXPECT_EQ(written_rows(sink.batches).size(), 1U) << "round " << round;
    }
}

}  // namespace
}  // namespace weir::capture::postgres
