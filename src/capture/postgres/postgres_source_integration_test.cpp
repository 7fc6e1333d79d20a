// Goal: what capture lands is what the server's log says, whatever the transactions do and however
// the stream is cut.
// Method: a real server whose decoding spills at 64 kB, so that most transactions are streamed
// before they commit; the oracle is the server's own test_decoding on a second slot.
#include "capture/postgres/postgres_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "capture/postgres/capture_fixture.h"

namespace weir::capture::postgres {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PostgresSourceTest : public CaptureTest {
protected:
    void make_tables() const {
        run("CREATE TABLE claims.claim (id int PRIMARY KEY, amount numeric(12,2), note text, "
            "at timestamptz);"
            "ALTER TABLE claims.claim ALTER note SET STORAGE EXTERNAL;"
            "CREATE TABLE claims.line (claim int, number int, note text, PRIMARY KEY (claim, "
            "number));"
            "ALTER TABLE claims.line REPLICA IDENTITY FULL, ALTER note SET STORAGE EXTERNAL;");
    }

    void begin_log() {
        RecordingSink sink;
        snapshot(sink);
        run("SELECT pg_create_logical_replication_slot('oracle', 'test_decoding')");
    }

    /// We have no flags of TRUNCATE, and take an untouched value from a full old row, where the
    /// note is the last column.
    static std::string as_we_write(std::string line) {
        line = line.substr(0, line.find(" (no-flags)"));
        const std::string untouched = "note[text]:unchanged-toast-datum";
        const auto note = line.find("note[text]:");
        const auto new_row = line.find(" new-tuple:");
        const bool full = line.starts_with("table claims.line:");
        if (full && line.ends_with(untouched) && note < new_row) {
            line.resize(line.size() - untouched.size());
            line += line.substr(note, new_row - note);
        }
        return line;
    }

    static std::vector<std::string> texts(const std::vector<WrittenRow>& rows) {
        std::vector<std::string> lines;
        lines.reserve(rows.size());
        for (const WrittenRow& row : rows) {
            lines.push_back(row.text);
        }
        return lines;
    }

    std::string random_statement(std::minstd_rand& random) const {
        const auto number = [&](unsigned below) {
            return static_cast<unsigned>(random() >> 8U) % below;
        };
        const unsigned id = number(40);
        const std::string note =
            number(3) == 0 ? fmt::format("repeat('n{}', {})", number(9), 1000 + number(3000))
                           : fmt::format("'it''s {}'", number(99));
        switch (number(9)) {
            case 0:
            case 1:
            case 2:
                return fmt::format(
                    "INSERT INTO claims.claim VALUES ({}, {}.{:02}, {}, '2024-01-01Z'::timestamptz "
                    "+ {} * interval '1 microsecond') ON CONFLICT DO NOTHING",
                    id, number(1000), number(100), note, random());
            case 3: return fmt::format("UPDATE claims.claim SET amount = NULL WHERE id = {}", id);
            case 4:
                return fmt::format("UPDATE claims.claim SET id = {} WHERE id = {}",
                                   1000 + number(1'000'000), id);
            case 5: return fmt::format("DELETE FROM claims.claim WHERE id = {}", id);
            case 6:
                return fmt::format(
                    "INSERT INTO claims.line SELECT {}, i, {} FROM generate_series(1, {}) i ON "
                    "CONFLICT DO NOTHING",
                    id, note, 1 + number(80));
            case 7:
                return fmt::format("UPDATE claims.line SET number = -number WHERE claim = {}", id);
            default: return fmt::format("DELETE FROM claims.line WHERE claim = {}", id);
        }
    }

    void run_random_transaction(std::minstd_rand& random) const {
        std::string statements = "BEGIN;";
        const auto count = 1 + static_cast<unsigned>(random() >> 8U) % 20;
        for (unsigned index = 0; index < count; ++index) {
            const bool inner = random() % 4 == 0;
            statements += inner ? "SAVEPOINT s;" : "";
            statements += random_statement(random) + ";";
            statements += inner && random() % 2 == 0 ? "ROLLBACK TO SAVEPOINT s;" : "";
        }
        // A key that is taken aborts the transaction: one more rollback.
        if (!session->execute(statements + (random() % 6 == 0 ? "ROLLBACK" : "COMMIT"))) {
            run("ROLLBACK");
        }
    }
};

TEST_F(PostgresSourceTest, LandsWhatTestDecodingSaysHoweverItIsCut) {
    make_tables();
    begin_log();
    constexpr unsigned seed = 20'241;
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::minstd_rand random(seed);
    for (int transaction = 0; transaction < 120; ++transaction) {
        run_random_transaction(random);
        if (transaction == 60) {
            run("TRUNCATE claims.line");
        }
    }
    for (const char* copy : {"one", "spilled", "text"}) {
        ASSERT_THAT(copy_slot(*session, options.slot, copy), IsOk());
    }
    RecordingSink whole;
    stream(options, whole);
    const auto rows = written_rows(whole.batches);
    auto expected = decoded("oracle");
    for (std::string& line : expected) {
        line = as_we_write(line);
    }
    const auto lines = texts(rows);
    ASSERT_EQ(lines.size(), expected.size());
    for (std::size_t index = 0; index < lines.size(); ++index) {
        ASSERT_EQ(lines[index], expected[index]) << "line " << index;
    }
    EXPECT_GT(rows.size(), 1'000U);

    PostgresOptions other = options;
    other.slot = "one";
    RecordingSink singly;
    stream(other, singly, 1);
    EXPECT_EQ(written_rows(singly.batches), rows);

    other.slot = "spilled";
    other.spool_memory_bytes = 1;
    RecordingSink spilled;
    stream(other, spilled, 7);
    EXPECT_EQ(written_rows(spilled.batches), rows);

    other.slot = "text";
    other.binary = false;
    RecordingSink text;
    stream(other, text, 50);
    EXPECT_EQ(written_rows(text.batches), rows);
}

TEST_F(PostgresSourceTest, NumbersChangesOverAllTablesOfATransaction) {
    make_tables();
    begin_log();
    run("BEGIN; INSERT INTO claims.claim VALUES (1); INSERT INTO claims.line VALUES (1, 1, 'a'); "
        "UPDATE claims.claim SET amount = 2; COMMIT");
    run("TRUNCATE claims.claim, claims.line");
    RecordingSink sink;
    stream(options, sink);
    const auto rows = written_rows(sink.batches);
    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(rows[0].ordinal, 0);
    EXPECT_EQ(rows[1].ordinal, 1);
    EXPECT_EQ(rows[1].table, "claims.line");
    EXPECT_EQ(rows[2].ordinal, 2);
    EXPECT_EQ(rows[0].position, rows[2].position);
    EXPECT_EQ(rows[0].transaction, rows[2].transaction);
    EXPECT_EQ(rows[3].text, "table claims.claim: TRUNCATE:");
    EXPECT_EQ(rows[4].text, "table claims.line: TRUNCATE:");
    EXPECT_EQ(rows[4].ordinal, 1);
}

TEST_F(PostgresSourceTest, ReadsAHugeTransactionWithManySubtransactions) {
    make_tables();
    begin_log();
    std::string statements = "BEGIN;";
    for (int index = 0; index < 2'000; ++index) {
        statements +=
            fmt::format("SAVEPOINT s; INSERT INTO claims.claim VALUES ({}, 1, 'x');", index);
        statements += index % 3 == 0 ? "ROLLBACK TO SAVEPOINT s;" : "RELEASE SAVEPOINT s;";
    }
    run(statements +
        "INSERT INTO claims.line SELECT 1, i, 'y' FROM generate_series(1, 100000) i;"
        "COMMIT");
    RecordingSink sink;
    stream(options, sink);
    const auto rows = written_rows(sink.batches);
    ASSERT_EQ(rows.size(), 101'333U);
    for (std::size_t index = 0; index < rows.size(); ++index) {
        ASSERT_EQ(rows[index].ordinal, static_cast<std::int64_t>(index));
    }
    for (const auto& batch : sink.batches) {
        EXPECT_LE(batch.rows->num_rows(), ChangeBuilder::default_batch_rows);
    }
}

TEST_F(PostgresSourceTest, PreparedTransactionsArriveWholeAtCommitPreparedOrNotAtAll) {
    make_tables();
    begin_log();
    EXPECT_EQ(ask("SELECT two_phase FROM pg_replication_slots WHERE slot_name = 'main_slot'"), "f");
    // Small ones, and ones that the server streams before they are prepared.
    for (const int rows : {3, 2000}) {
        const std::string insert = fmt::format(
            "BEGIN; INSERT INTO claims.claim SELECT {0} + i, i, repeat('n', 200) FROM "
            "generate_series(1, {0}) i; SAVEPOINT s; INSERT INTO claims.claim VALUES (-{0}); "
            "ROLLBACK TO s; ",
            rows);
        run(fmt::format("{}PREPARE TRANSACTION 'kept {}'", insert, rows));
        run(
            fmt::format("BEGIN; INSERT INTO claims.claim VALUES (-1), (-2); PREPARE TRANSACTION "
                        "'gone {}'",
                        rows));
        RecordingSink sink;
        stream(options, sink);
        EXPECT_EQ(written_rows(sink.batches).size(), rows == 3 ? 0U : 3U);
        run(fmt::format("ROLLBACK PREPARED 'gone {}'", rows));
        run(fmt::format("COMMIT PREPARED 'kept {}'", rows));
    }
    run("BEGIN; INSERT INTO claims.claim SELECT -i, i, repeat('n', 200) FROM generate_series(1, "
        "2000) i; PREPARE TRANSACTION 'gone'");
    run("ROLLBACK PREPARED 'gone'");
    RecordingSink sink;
    stream(options, sink);
    const auto rows = written_rows(sink.batches);
    EXPECT_EQ(rows.size(), 2003U);
    EXPECT_EQ(texts(rows), decoded("oracle"));
    EXPECT_EQ(
        std::ranges::count_if(
            rows, [&](const auto& row) { return row.transaction == rows.front().transaction; }),
        3);
}

TEST_F(PostgresSourceTest, ASnapshotWaitsForPreparedTransactionsAndSaysSo) {
    make_tables();
    run("INSERT INTO claims.claim VALUES (1)");
    run("BEGIN; INSERT INTO claims.claim VALUES (2); PREPARE TRANSACTION 'kept'; BEGIN; INSERT "
        "INTO claims.claim VALUES (3); PREPARE TRANSACTION "
        "'gone'");
    std::vector<std::string> told;
    options.wait.tell = [&](const Error& why) {
        told.push_back(why.message());
        const bool kept = why.message().find("gid=kept") != std::string::npos;
        run(kept ? "COMMIT PREPARED 'kept'" : "ROLLBACK PREPARED 'gone'");
    };
    RecordingSink read;
    snapshot(read);
    ASSERT_FALSE(told.empty());
    EXPECT_THAT(told[0],
                HasSubstr("waits for a prepared transaction; end it with COMMIT PREPARED"));
    EXPECT_EQ(written_rows(read.batches).size(), 2U);
    run("DELETE FROM claims.claim WHERE id = 2");
    RecordingSink sink;
    stream(options, sink);
    EXPECT_EQ(written_rows(sink.batches).size(), 1U);
    if (ask("SELECT count(*) FROM pg_prepared_xacts") != "0") {
        run("ROLLBACK PREPARED 'gone'");
    }
}

TEST_F(PostgresSourceTest, ASnapshotThatWaitsIsStoppedAndLeavesNoSlot) {
    make_tables();
    auto other = Connection::open(options.url).value();
    ASSERT_THAT(other.execute("BEGIN; INSERT INTO claims.claim VALUES (2)"), IsOk());
    std::stop_source stop;
    std::string told;
    options.wait.tell = [&](const Error& why) {
        told = why.message();
        stop.request_stop();
    };
    options.wait.stop = stop.get_token();
    EXPECT_THAT(PostgresSnapshot::begin(options, PostgresSnapshot::Mode::with_slot, 1, {}),
                IsError(ErrorKind::cancelled, HasSubstr("while the replication slot was made")));
    EXPECT_THAT(told, HasSubstr(fmt::format("process={}", other.process())));
    ASSERT_THAT(other.execute("ROLLBACK"), IsOk());
    EXPECT_EQ(ask("SELECT count(*) FROM pg_replication_slots"), "0");
}

TEST_F(PostgresSourceTest, ASlotThatOthersHoldUpForTooLongIsAnErrorThatNamesThem) {
    make_tables();
    auto other = Connection::open(options.url).value();
    ASSERT_THAT(other.execute("BEGIN; INSERT INTO claims.claim VALUES (2)"), IsOk());
    options.wait.longest = std::chrono::milliseconds(300);
    EXPECT_THAT(PostgresSnapshot::begin(options, PostgresSnapshot::Mode::with_slot, 1, {}),
                IsError(ErrorKind::unavailable,
                        AllOf(HasSubstr("could not be made within source.slot_wait"),
                              HasSubstr(fmt::format("process={}", other.process())))));
    ASSERT_THAT(other.execute("ROLLBACK"), IsOk());
    EXPECT_EQ(ask("SELECT count(*) FROM pg_replication_slots"), "0");
}

TEST_F(PostgresSourceTest, MarksUntouchedToastAsUnchangedAndTakesItFromAFullOldRow) {
    make_tables();
    begin_log();
    run("INSERT INTO claims.claim VALUES (1, 1, repeat('n', 9000));"
        "INSERT INTO claims.line VALUES (1, 1, repeat('n', 9000))");
    run("UPDATE claims.claim SET amount = 2");
    run("UPDATE claims.line SET number = 2");
    RecordingSink sink;
    stream(options, sink);
    const auto rows = written_rows(sink.batches);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[2].unchanged, "'note'");
    EXPECT_THAT(rows[2].text, HasSubstr("note[text]:unchanged-toast-datum"));
    EXPECT_EQ(rows[3].unchanged, "");
    EXPECT_THAT(rows[3].text, HasSubstr("new-tuple: claim[integer]:1 number[integer]:2 "
                                        "note[text]:'nnnn"));
}

TEST_F(PostgresSourceTest, FollowsTheShapeInLogOrderAndGivesTheSameVersionsAgain) {
    make_tables();
    begin_log();
    run("INSERT INTO claims.claim VALUES (1)");
    run("ALTER TABLE claims.claim ADD plan text");
    run("INSERT INTO claims.claim VALUES (2, 2, 'b', NULL, 'gold')");
    run("ALTER TABLE claims.claim RENAME plan TO product; ALTER TABLE claims.claim DROP at");
    run("INSERT INTO claims.claim VALUES (3, 3, 'c', 'silver')");
    ASSERT_THAT(copy_slot(*session, options.slot, "again"), IsOk());
    RecordingSink sink;
    stream(options, sink);
    ASSERT_EQ(sink.contracts.size(), 2U);
    EXPECT_EQ(sink.contracts[0]->version.number, 2U);
    EXPECT_EQ(sink.contracts[0]->columns[4].name, "plan");
    EXPECT_EQ(sink.contracts[0]->columns[4].id, 5U);
    EXPECT_EQ(sink.contracts[1]->version.number, 3U);
    ASSERT_EQ(sink.contracts[1]->columns.size(), 4U);
    EXPECT_EQ(sink.contracts[1]->columns[3].name, "product");
    EXPECT_EQ(sink.contracts[1]->columns[3].id, 5U);

    PostgresOptions again = options;
    again.slot = "again";
    RecordingSink second;
    stream(again, second, 1);
    ASSERT_EQ(second.contracts.size(), 2U);
    EXPECT_EQ(catalog::to_json(*second.contracts[0]), catalog::to_json(*sink.contracts[0]));
    EXPECT_EQ(catalog::to_json(*second.contracts[1]), catalog::to_json(*sink.contracts[1]));
    EXPECT_EQ(written_rows(second.batches), written_rows(sink.batches));
}

TEST_F(PostgresSourceTest, BeginsAgainInTextWhenATypeHasNoBinaryForm) {
    make_tables();
    begin_log();
    auto source = PostgresSource::open(options, start, contracts, clock);
    ASSERT_THAT(source, IsOk());
    run("ALTER TABLE claims.claim ADD addresses inet[]");
    run("INSERT INTO claims.claim VALUES (1, 1, 'a', NULL, '{10.0.0.1}')");
    CountingBoundary boundary(1, change::Position(~0ULL));
    RecordingSink half;
    EXPECT_THAT((*source)->read_cut(boundary, half, {}),
                IsError(ErrorKind::conflict, HasSubstr("begins again in text")));
    source->reset();
    RecordingSink sink;
    stream(options, sink);
    EXPECT_THAT(texts(written_rows(sink.batches)),
                ElementsAre(HasSubstr("addresses[inet[]]:'{10.0.0.1}'")));
}

TEST_F(PostgresSourceTest, TellsTheServerNoMoreThanWasAcknowledged) {
    make_tables();
    begin_log();
    run("INSERT INTO claims.claim VALUES (1)");
    auto source = PostgresSource::open(options, start, contracts, clock);
    ASSERT_THAT(source, IsOk());
    CountingBoundary boundary(1, change::Position(~0ULL));
    RecordingSink sink;
    const auto cut = (*source)->read_cut(boundary, sink, {});
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(cut->transactions, 1U);
    EXPECT_EQ(cut->changes, 1U);
    EXPECT_TRUE(cut->commit_time.has_value());
    EXPECT_EQ(read_slot(*session, options.slot).value()->confirmed, start);
    ASSERT_THAT((*source)->acknowledge(cut->position), IsOk());
    while (read_slot(*session, options.slot).value()->confirmed < cut->position) {
    }
    EXPECT_EQ(read_slot(*session, options.slot).value()->confirmed, cut->position);
}

TEST_F(PostgresSourceTest, AdvancesOverALogWithoutCapturedChanges) {
    make_tables();
    begin_log();
    run("CREATE TABLE public.other AS SELECT generate_series(1, 1000)");
    auto source = PostgresSource::open(options, start, contracts, clock);
    ASSERT_THAT(source, IsOk());
    const change::Position end = (*source)->source_end().value();
    CountingBoundary boundary(1, end);
    RecordingSink sink;
    const auto cut = (*source)->read_cut(boundary, sink, {});
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(cut->transactions, 0U);
    EXPECT_GE(cut->position, end);
    EXPECT_FALSE(cut->commit_time.has_value());
}

TEST_F(PostgresSourceTest, TheEndOfTheLogIsBehindACommitThatDidNotWaitForItsFlush) {
    make_tables();
    begin_log();
    auto source = PostgresSource::open(options, start, contracts, clock);
    ASSERT_THAT(source, IsOk());
    run("SET synchronous_commit = off; INSERT INTO claims.claim VALUES (1)");
    CountingBoundary boundary(1, (*source)->source_end().value());
    RecordingSink sink;
    const auto cut = (*source)->read_cut(boundary, sink, {});
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(cut->transactions, 1U);
}

TEST_F(PostgresSourceTest, StopsAtAWholeTransaction) {
    make_tables();
    begin_log();
    auto source = PostgresSource::open(options, start, contracts, clock);
    ASSERT_THAT(source, IsOk());
    const std::stop_source stop = [] {
        std::stop_source requested;
        requested.request_stop();
        return requested;
    }();
    CountingBoundary never(~0ULL, change::Position(~0ULL));
    RecordingSink sink;
    const auto cut = (*source)->read_cut(never, sink, stop.get_token());
    ASSERT_THAT(cut, IsOk());
    EXPECT_EQ(cut->transactions, 0U);
}

TEST_F(PostgresSourceTest, RefusesASlotThatIsGoneOrAheadOrTaken) {
    make_tables();
    begin_log();
    run("INSERT INTO claims.claim VALUES (1)");
    const change::Position end = log_end(*session).value();
    run(fmt::format("SELECT pg_replication_slot_advance('{}', '{}')", options.slot,
                    end.to_string()));
    EXPECT_THAT(PostgresSource::open(options, start, contracts, clock),
                IsError(ErrorKind::corrupt, HasSubstr("the slot is ahead of the ledger")));
    start = read_slot(*session, options.slot).value()->confirmed;
    const auto source = PostgresSource::open(options, start, contracts, clock);
    ASSERT_THAT(source, IsOk());
    EXPECT_THAT(PostgresSource::open(options, start, contracts, clock),
                IsError(ErrorKind::conflict, HasSubstr("is active for PID")));
    PostgresOptions gone = options;
    gone.slot = "gone";
    EXPECT_THAT(PostgresSource::open(gone, start, contracts, clock),
                IsError(ErrorKind::corrupt, HasSubstr("the replication slot is gone")));
}

TEST_F(PostgresSourceTest, GoesOnAfterTheServerWasKilled) {
    make_tables();
    begin_log();
    run("INSERT INTO claims.claim VALUES (1)");
    server->kill();
    ASSERT_THAT(server->restart(), IsOk());
    session = std::make_unique<Connection>(Connection::open(options.url).value());
    run("INSERT INTO claims.claim VALUES (2)");
    RecordingSink sink;
    stream(options, sink);
    EXPECT_THAT(texts(written_rows(sink.batches)),
                ElementsAre(HasSubstr("id[integer]:1"), HasSubstr("id[integer]:2")));
}

}  // namespace
}  // namespace weir::capture::postgres
