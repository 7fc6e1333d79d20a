// Goal: a snapshot holds the rows of its position, whatever else is done to its tables meanwhile;
// and it holds no more of its source, for no longer, than the server, its role and its locks allow.
// Method: a real server; another session truncates, which takes rows away from older snapshots too,
// or locks, or ends sessions; time-outs are those of the test's database.
#include "capture/postgres/postgres_snapshot.h"

#include <gmock/gmock.h>

#include <chrono>
#include <future>
#include <thread>

#include "capture/postgres/capture_fixture.h"
#include "capture/postgres/table_lock.h"

namespace weir::capture::postgres {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class PostgresSnapshotTest : public CaptureTest {
protected:
    void make_table() const {
        run("CREATE TABLE claims.claim (id int PRIMARY KEY); INSERT INTO claims.claim VALUES (0)");
    }
    void make_tables() const {
        make_table();
        run("CREATE TABLE claims.plan (id int PRIMARY KEY); INSERT INTO claims.plan VALUES (0)");
    }
    Result<std::unique_ptr<PostgresSnapshot>> begin(
        std::size_t workers = 1,
        PostgresSnapshot::Mode mode = PostgresSnapshot::Mode::with_slot) const {
        return PostgresSnapshot::begin(options, mode, workers, {});
    }
    /// Sets something for the sessions of this test's database that begin from here on.
    void set_for_sessions(const std::string& setting, const std::string& value) const {
        run(fmt::format("ALTER DATABASE {} SET {} = '{}'", session->quote_identifier(database),
                        setting, value));
    }
    bool knows_transaction_timeout() const { return session->server_version() >= 170'000; }
    /// Waits until a question is answered so: the server notices the end of a session in its own
    /// time.
    void wait_for(const std::string& question, const std::string& answer) const {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (ask(question) != answer) {
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << question << ask(question);
            std::this_thread::sleep_for(5ms);
        }
    }

    const std::string other_sessions =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid()";
};

std::vector<catalog::TableName> table_names_of(const PostgresSnapshot& snapshot) {
    std::vector<catalog::TableName> names;
    for (const auto& table : snapshot.tables()) {
        names.push_back(table->contract->name);
    }
    return names;
}

/// Locks a table behind a slot that is being made: the slot waits for who has locked it before. Of
/// those who come meanwhile it waits for some more; not for the last.
class LatecomerWithLock {
public:
    LatecomerWithLock(PostgresOptions& options, const std::string& statement)
        : first_(Connection::open(options.url).value()),
          second_(Connection::open(options.url).value()),
          latecomer_(Connection::open(options.url).value()) {
        EXPECT_THAT(first_.execute(write), IsOk());
        options.wait.tell = [this, statement](const Error& error) {
            const auto waits_for = [&](const Connection& session) {
                return error.message().find(fmt::format("process={},", session.process())) !=
                       std::string::npos;
            };
            if (waits_for(first_)) {
                EXPECT_THAT(second_.execute(write), IsOk());
                EXPECT_THAT(first_.execute("COMMIT"), IsOk());
            } else if (waits_for(second_)) {
                EXPECT_THAT(latecomer_.execute("BEGIN; " + statement), IsOk());
                EXPECT_THAT(second_.execute("COMMIT"), IsOk());
            }
        };
    }
    int process() const { return latecomer_.process(); }
    void let_go() { EXPECT_THAT(latecomer_.execute("ROLLBACK"), IsOk()); }

private:
    static constexpr auto write = "BEGIN; SELECT pg_current_xact_id()";
    Connection first_;
    Connection second_;
    Connection latecomer_;
};

TEST_F(PostgresSnapshotTest, KeepsTheTimeOutsOfItsRoleButInAStream) {
    const std::map<std::string, std::string> own{{"statement_timeout", "7s"},
                                                 {"lock_timeout", "8s"},
                                                 {"idle_in_transaction_session_timeout", "9s"}};
    for (const auto& [setting, value] : own) {
        set_for_sessions(setting, value);
    }
    if (knows_transaction_timeout()) {
        set_for_sessions("transaction_timeout", "10s");
    }
    auto ordinary = Connection::open(options.url).value();
    auto stream = Connection::open(options.url, Connection::Mode::replication).value();
    for (const auto& [setting, value] : own) {
        EXPECT_EQ(ordinary.query("SHOW " + setting).value()[0][0], value) << setting;
        EXPECT_EQ(stream.query("SHOW " + setting).value()[0][0], "0") << setting;
    }
    if (knows_transaction_timeout()) {
        EXPECT_EQ(ordinary.query("SHOW transaction_timeout").value()[0][0], "10s");
        EXPECT_EQ(stream.query("SHOW transaction_timeout").value()[0][0], "0");
    }
}

TEST_F(PostgresSnapshotTest, ATimeOutOfAStatementSaysWhatToDo) {
    EXPECT_THAT(session->execute("SET statement_timeout = '20ms'; SELECT pg_sleep(60)"),
                IsError(ErrorKind::unavailable,
                        AllOf(HasSubstr("57014"), HasSubstr("ALTER ROLE ... SET statement_timeout"),
                              HasSubstr("source.chunk_blocks"))));
}

TEST_F(PostgresSnapshotTest, WaitsForALockNoLongerThanItsRoleAndItsStatementsMay) {
    const auto limit_of = [&](std::chrono::milliseconds wait) {
        auto made = Connection::open(options.url).value();
        EXPECT_THAT(limit_lock_wait(made, wait), IsOk());
        return made.query("SHOW lock_timeout").value()[0][0].value_or("");
    };
    EXPECT_EQ(limit_of(30s), "30s");
    EXPECT_EQ(limit_of(0s), "0");
    set_for_sessions("lock_timeout", "7s");
    EXPECT_EQ(limit_of(30s), "7s");
    EXPECT_EQ(limit_of(3s), "3s");
    set_for_sessions("statement_timeout", "5s");
    EXPECT_EQ(limit_of(30s), "4s");
}

TEST_F(PostgresSnapshotTest, LeavesOutATableThatAnotherSessionHolds) {
    make_tables();
    options.lock_wait = 100ms;
    const LatecomerWithLock latecomer(options, "LOCK TABLE claims.plan IN ACCESS EXCLUSIVE MODE");
    const auto begun = begin();
    ASSERT_THAT(begun, IsOk());
    EXPECT_EQ(table_names_of(**begun), (std::vector<catalog::TableName>{{"claims", "claim"}}));
    const auto& unreadable = (*begun)->plan().unreadable;
    ASSERT_EQ(unreadable.size(), 1U);
    EXPECT_EQ(unreadable[0].name.to_string(), "claims.plan");
    EXPECT_THAT(unreadable[0].reason,
                HasSubstr(fmt::format("holder=process {}", latecomer.process())));
    // The one that was locked stays so.
    EXPECT_FALSE(session->execute("SET lock_timeout = '50ms'; TRUNCATE claims.claim").has_value());
}

TEST_F(PostgresSnapshotTest, TriesAgainLaterWhenNothingElseIsToBeRead) {
    make_table();
    options.lock_wait = 100ms;
    LatecomerWithLock latecomer(options, "LOCK TABLE claims.claim IN ACCESS EXCLUSIVE MODE");
    EXPECT_THAT(begin(), IsError(ErrorKind::unavailable,
                                 AllOf(HasSubstr("another session has locked the table"),
                                       HasSubstr("table=claims.claim, holder=process"))));
    latecomer.let_go();
    EXPECT_THAT(begin(), IsOk());
}

TEST_F(PostgresSnapshotTest, LeavesOutNoTableThatIsReadInPartAlready) {
    make_tables();
    change::SnapshotProgress progress;
    {
        RecordingSink sink;
        const auto first = snapshot(sink);
        const change::SnapshotChunk& chunk = first->plan().chunks.back();
        ASSERT_EQ(chunk.contract->name.table, "plan");
        progress = {.position = first->plan().position,
                    .snapshot = first->plan().snapshot,
                    .chunk_blocks = options.chunk_blocks,
                    .chunks = {{.table = chunk.contract->name,
                                .index = chunk.index,
                                .table_chunks = chunk.table_chunks,
                                .position = first->plan().position,
                                .storage = chunk.storage}}};
    }
    options.lock_wait = 100ms;
    LatecomerWithLock latecomer(options, "LOCK TABLE claims.plan IN ACCESS EXCLUSIVE MODE");
    EXPECT_THAT(PostgresSnapshot::resume(options, 1, contracts, progress),
                IsError(ErrorKind::unavailable, HasSubstr("table=claims.plan")));
    latecomer.let_go();
    const auto resumed = PostgresSnapshot::resume(options, 1, contracts, progress);
    ASSERT_THAT(resumed, IsOk());
    ASSERT_NE(*resumed, nullptr);
    EXPECT_EQ((*resumed)->plan().chunks.size(), 1U);
}

TEST_F(PostgresSnapshotTest, WithoutASlotATableThatIsHeldIsNotLeftOut) {
    make_tables();
    options.lock_wait = 100ms;
    auto holder = Connection::open(options.url).value();
    ASSERT_THAT(holder.execute("BEGIN; LOCK TABLE claims.plan IN ACCESS EXCLUSIVE MODE"), IsOk());
    EXPECT_THAT(
        begin(1, PostgresSnapshot::Mode::snapshot_only),
        IsError(ErrorKind::unavailable,
                HasSubstr(fmt::format("table=claims.plan, holder=process {}", holder.process()))));
}

TEST_F(PostgresSnapshotTest, PublishesNoTableThatIsHeldAndSaysByWhom) {
    make_tables();
    options.lock_wait = 100ms;
    auto holder = Connection::open(options.url).value();
    ASSERT_THAT(holder.execute("BEGIN; LOCK TABLE claims.plan IN SHARE MODE"), IsOk());
    EXPECT_THAT(
        begin(),
        IsError(ErrorKind::unavailable,
                HasSubstr(fmt::format("table=claims.plan, holder=process {}", holder.process()))));
}

// If it had its lock only then, the second reader would wait for ALTER TABLE, which waits for the
// first, and so for the end of a snapshot that has none.
TEST_F(PostgresSnapshotTest, NoReaderWaitsForWhoWaitsForAnother) {
    make_table();
    options.lock_wait = 100ms;
    auto begun = begin(2);
    ASSERT_THAT(begun, IsOk());
    auto other = Connection::open(options.url).value();
    auto altered = std::async(std::launch::async, [&] {
        return other.execute("ALTER TABLE claims.claim ADD COLUMN note text");
    });
    wait_for(
        "SELECT count(*) FROM pg_locks WHERE relation = 'claims.claim'::regclass AND NOT granted",
        "1");
    RecordingSink sink;
    EXPECT_THAT((*begun)->read_chunk((*begun)->plan().chunks.front(), 1, sink, {}), IsOk());
    EXPECT_EQ(written_rows(sink.batches).size(), 1U);
    begun->reset();
    EXPECT_THAT(altered.get(), IsOk());
}

TEST_F(PostgresSnapshotTest, NoReaderDependsOnAnothersLocks) {
    make_table();
    const auto begun = begin(2);
    ASSERT_THAT(begun, IsOk());
    wait_for(other_sessions, "2");
    run("SELECT pg_terminate_backend(min(pid)) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid()");
    wait_for(other_sessions, "1");
    EXPECT_FALSE(session->execute("SET lock_timeout = '50ms'; TRUNCATE claims.claim").has_value());
    std::size_t rows = 0;
    for (const std::size_t worker : {0U, 1U}) {
        RecordingSink sink;
        if ((*begun)->read_chunk((*begun)->plan().chunks.front(), worker, sink, {})) {
            rows += written_rows(sink.batches).size();
        }
    }
    EXPECT_EQ(rows, 1U);
}

TEST_F(PostgresSnapshotTest, HoldsOneSessionForEachReader) {
    make_table();
    const auto begun = begin(3);
    ASSERT_THAT(begun, IsOk());
    wait_for(other_sessions, "3");
    const change::SnapshotProgress progress{.position = (*begun)->plan().position,
                                            .snapshot = (*begun)->plan().snapshot,
                                            .chunk_blocks = options.chunk_blocks,
                                            .chunks = {}};
    const auto further =
        PostgresSnapshot::resume(options, 2, {(*begun)->tables().front()->contract}, progress);
    ASSERT_THAT(further, IsOk());
    ASSERT_NE(*further, nullptr);
    wait_for(other_sessions, "5");
    // Of the slots only the pipeline's own stays.
    wait_for("SELECT count(*) FROM pg_replication_slots", "1");
    RecordingSink sink;
    ASSERT_THAT((*further)->read_chunk((*further)->plan().chunks.front(), 1, sink, {}), IsOk());
    EXPECT_EQ(written_rows(sink.batches).size(), 1U);
}

TEST_F(PostgresSnapshotTest, KnowsHowLongItsSourceBearsIt) {
    make_table();
    EXPECT_EQ(begin().value()->plan().hold, 0ms);
    set_for_sessions("idle_in_transaction_session_timeout", "10min");
    EXPECT_EQ(begin().value()->plan().hold, 8min);
    if (knows_transaction_timeout()) {
        set_for_sessions("transaction_timeout", "5min");
        EXPECT_EQ(begin().value()->plan().hold, 4min);
    }
    // This one cannot go on with another reading.
    EXPECT_EQ(begin(1, PostgresSnapshot::Mode::snapshot_only).value()->plan().hold, 0ms);
}

TEST_F(PostgresSnapshotTest, AReaderThatTheServerEndsSaysWhatToDo) {
    make_table();
    const std::map<std::string, int> known_from{{"idle_in_transaction_session_timeout", 0},
                                                {"transaction_timeout", 170'000}};
    for (const auto& [setting, version] : known_from) {
        if (session->server_version() < version) {
            continue;
        }
        set_for_sessions(setting, "2s");
        const auto begun = begin();
        ASSERT_THAT(begun, IsOk());
        wait_for(other_sessions, "0");
        RecordingSink sink;
        EXPECT_THAT((*begun)->read_chunk((*begun)->plan().chunks.front(), 0, sink, {}),
                    IsError(ErrorKind::unavailable,
                            HasSubstr(fmt::format("ALTER ROLE ... SET {}", setting))));
        run(fmt::format("ALTER DATABASE {} RESET {}", session->quote_identifier(database),
                        setting));
    }
}

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
