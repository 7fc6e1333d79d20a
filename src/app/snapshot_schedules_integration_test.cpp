// Goal: a snapshot that is read in several readings, with changes between any two steps of it,
// gives the source's tables at its cut and at every cut after it, and no row twice. A table that is
// read again beside the log stands still until the cut that brings it back, and is then the
// source's; what the log was kept from telling of it is repaired.
//
// Method: a real server; a payer that changes three small tables, and knows what they hold after
// each commit; a capture that is stopped after a random chunk again and again. 20 schedules and 6
// of the second kind, 2,000 of each with WEIR_TEST_FULL; WEIR_TEST_SCHEDULES and WEIR_TEST_SEED say
// how many, and where they start.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "app/capture_stage.h"
#include "app/load_stage.h"
#include "app/operate.h"
#include "app/refine_stage.h"
#include "base/result_matchers.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/private_server.h"
#include "capture/postgres/replication_slot.h"
#include "reconcile/canonical_text.h"
#include "store/scratch_folder.h"

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using capture::postgres::Connection;
using capture::postgres::PrivateServer;
using change::Position;

/// The rows of one table, each as text.
using Rows = std::multiset<std::string>;

/// What all tables hold, by name.
using Tables = std::map<std::string, Rows>;

int number_from_environment(const char* name, int otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::atoi(text);
}

constexpr auto make_tables =
    "CREATE SCHEMA claims;"
    "CREATE TABLE claims.claim (id int PRIMARY KEY, state int, note text, pad text);"
    "CREATE TABLE claims.line (id int PRIMARY KEY, state int, note text, pad text);"
    "CREATE TABLE claims.event (id int, state int, note text, pad text);"
    "ALTER TABLE claims.event REPLICA IDENTITY FULL;"
    "ALTER TABLE claims.claim ALTER note SET STORAGE EXTERNAL;"
    "ALTER TABLE claims.line ALTER note SET STORAGE EXTERNAL;"
    "INSERT INTO claims.claim SELECT i, 0, repeat(chr(97 + i % 26), 3000), repeat('p', 900) FROM "
    "generate_series(1, 40) i;"
    "INSERT INTO claims.line SELECT i, 0, repeat(chr(97 + i % 26), 3000), repeat('p', 900) FROM "
    "generate_series(1, 40) i;"
    "INSERT INTO claims.event SELECT i % 9, 0, 'n', repeat('p', 900) FROM generate_series(1, 40) i";

constexpr std::array keyed_tables = {"claims.claim", "claims.line"};

/// Changes the tables, one transaction after the other, until it is stopped. A transaction that
/// waits for a standby that does not exist is in the log and not visible meanwhile.
class Payer {
public:
    Payer(const std::string& url, std::uint32_t seed)
        : session_(Connection::open(url).value()),
          waiter_(Connection::open(url).value()),
          random_(seed) {
        check(session_.execute("SET lock_timeout = '20ms'"));
        check(waiter_.execute("SET synchronous_commit = 'on'"));
        note({});
    }

    void live(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            step();
            std::this_thread::sleep_for(std::chrono::microseconds(random_() % 4'000));
        }
        end_wait();
    }

    /// What the tables held where a cut ends.
    Tables at(Position position) const {
        const std::scoped_lock lock(mutex_);
        const auto after = moments_.lower_bound(position);
        return std::prev(after)->second;
    }

private:
    static void check(const Status& status) { ASSERT_THAT(status, IsOk()); }

    std::uint32_t pick(std::uint32_t below) {
        return static_cast<std::uint32_t>(random_() % below);
    }

    void step() {
        const std::uint32_t choice = pick(20);
        if (choice == 0 && !waiting_.valid()) {
            begin_wait();
        } else if (choice == 1 && waiting_.valid()) {
            end_wait();
        } else if (choice == 2 && !waiting_.valid()) {
            rewrite();
        } else if (choice < 6) {
            // Frees room in pages that have been read, so that rows move there.
            static_cast<void>(session_.execute("VACUUM " + table()));
        } else {
            change();
        }
    }

    std::string table() { return keyed_tables.at(pick(2)); }

    // One list of statements. NOLINTNEXTLINE(readability-function-size)
    std::string statement() {
        const std::uint32_t id = 1 + pick(60);
        switch (pick(9)) {
            case 0:
                return fmt::format(
                    "INSERT INTO {} VALUES ({}, 0, repeat('{}', 3000), repeat('p', 900)) ON "
                    "CONFLICT DO NOTHING",
                    table(), id, static_cast<char>('a' + pick(26)));
            case 1: return fmt::format("DELETE FROM {} WHERE id = {}", table(), id);
            case 2:
                return fmt::format(
                    "UPDATE {0} SET id = {1} WHERE id = {2} AND NOT EXISTS (SELECT 1 FROM {0} "
                    "WHERE id = {1})",
                    table(), 1 + pick(60), id);
            case 3:
                return fmt::format("UPDATE {} SET note = repeat('{}', 3000) WHERE id = {}", table(),
                                   static_cast<char>('A' + pick(26)), id);
            case 4:
                return fmt::format("INSERT INTO claims.event VALUES ({}, 0, 'x', repeat('p', 900))",
                                   pick(9));
            case 5:
                return fmt::format(
                    "DELETE FROM claims.event WHERE ctid = (SELECT min(ctid) FROM claims.event "
                    "WHERE id = {})",
                    pick(9));
            case 6:
                return fmt::format("UPDATE claims.event SET state = state + 1 WHERE id = {}",
                                   pick(9));
            // The note stays where it is, and the log leaves it out.
            default:
                return fmt::format("UPDATE {} SET state = state + 1 WHERE id BETWEEN {} AND {}",
                                   table(), id, id + pick(6));
        }
    }

    void change() {
        check(session_.execute("BEGIN"));
        bool good = true;
        for (std::uint32_t left = 1 + pick(4); good && left > 0; --left) {
            good = session_.execute(statement()).has_value();
        }
        if (good && pick(6) == 0) {
            check(session_.execute("SAVEPOINT s; " + statement() + "; ROLLBACK TO s"));
        }
        if (good && pick(40) == 0) {
            good = session_.execute("TRUNCATE " + table()).has_value();
        }
        if (!good || pick(8) == 0) {
            check(session_.execute("ROLLBACK"));
            return;
        }
        commit();
    }

    void commit() {
        const auto before = session_.query("SELECT pg_current_wal_insert_lsn()").value();
        const Tables tables = read(session_);
        check(session_.execute("COMMIT"));
        note(Position::parse(*before[0][0]).value(), tables);
    }

    /// VACUUM FULL gives a table other storage; it gives way to whoever holds it.
    void rewrite() { static_cast<void>(session_.execute("VACUUM FULL " + table())); }

    void begin_wait() {
        check(waiter_.execute("BEGIN"));
        const std::string id = std::to_string(1'000 + pick(1'000'000));
        check(waiter_.execute("INSERT INTO claims.claim VALUES (" + id + ", 0, 'w', 'w')"));
        check(waiter_.execute("INSERT INTO claims.event VALUES (" + id + ", 0, 'w', 'w')"));
        const auto facts =
            waiter_.query("SELECT pg_backend_pid(), pg_current_wal_insert_lsn()").value();
        waiting_process_ = *facts[0][0];
        waited_.insert("(" + id + ",0,w,w)");
        const Position position = Position::parse(*facts[0][1]).value();
        waiting_ = std::async(std::launch::async, [this] { return waiter_.execute("COMMIT"); });
        const std::string asks =
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = " +
            waiting_process_;
        while (session_.query(asks).value().empty()) {
            std::this_thread::sleep_for(1ms);
        }
        note(position, read(session_));
    }

    void end_wait() {
        if (!waiting_.valid()) {
            return;
        }
        check(session_.execute("SELECT pg_cancel_backend(" + waiting_process_ + ")"));
        check(waiting_.get());
        waited_.clear();
    }

    /// What a session sees, and what the one that waits has committed.
    Tables read(Connection& session) const {
        Tables tables;
        for (const char* table : {"claims.claim", "claims.line", "claims.event"}) {
            const auto rows = session
                                  .query(fmt::format("SELECT format('(%s,%s,%s,%s)', id, state, "
                                                     "left(note, 2), left(pad, 1)) FROM {}",
                                                     table))
                                  .value();
            for (const auto& row : rows) {
                tables[table].insert(*row[0]);
            }
        }
        for (const std::string& row : waited_) {
            tables["claims.claim"].insert(row);
            tables["claims.event"].insert(row);
        }
        return tables;
    }

    void note(Position position, const Tables& tables) {
        const std::scoped_lock lock(mutex_);
        moments_[position] = tables;
    }
    void note(Position position) { note(position, read(session_)); }

    Connection session_;
    Connection waiter_;
    std::mt19937 random_;
    std::future<Status> waiting_;
    std::string waiting_process_;
    std::set<std::string> waited_;
    mutable std::mutex mutex_;
    std::map<Position, Tables> moments_;  // By a position below the commit. Guarded by mutex_.
};

class SnapshotSchedules : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder = std::make_unique<store::ScratchFolder>();
        auto started =
            PrivateServer::start({.folder = folder->path(),
                                  .settings = {"synchronous_standby_names = 'nobody'",
                                               "shared_buffers = 64MB", "max_connections = 40"}});
        ASSERT_THAT(started, IsOk());
        server = std::make_unique<PrivateServer>(*std::move(started));
        auto admin = Connection::open(server->url());
        ASSERT_THAT(admin, IsOk());
        ASSERT_THAT(admin->execute("ALTER SYSTEM SET synchronous_commit = 'local'"), IsOk());
        ASSERT_THAT(admin->execute("SELECT pg_reload_conf()"), IsOk());
    }
    static void TearDownTestSuite() {
        server.reset();
        folder.reset();
    }

    void run_schedule(std::uint32_t seed, bool reads_again) {
        std::mt19937 random(seed);
        auto admin = Connection::open(server->url()).value();
        ASSERT_THAT(admin.execute("DROP SCHEMA IF EXISTS claims CASCADE"), IsOk());
        ASSERT_THAT(admin.execute(make_tables), IsOk());
        const store::ScratchFolder store;
        Configuration configuration;
        configuration.pipeline = "claims";
        configuration.source_url = server->url();
        configuration.tables = {"claims.*"};
        configuration.slot = "schedules";
        configuration.publication = "schedules";
        configuration.keep_in(store.path());
        configuration.chunk_blocks = 1 + random() % 3;
        configuration.snapshot_workers = 1 + random() % 2;
        configuration.cut_interval = 20ms;
        ASSERT_THAT(Pipeline::create(configuration, clock), IsOk());
        Payer payer(server->url(), seed);
        {
            const std::jthread lives([&](const std::stop_token& stop) { payer.live(stop); });
            snapshot(configuration, random);
            if (reads_again && !HasFatalFailure()) {
                read_again(configuration, random);
            }
            capture_some_cuts(configuration);
        }
        compare(configuration, payer);
        ASSERT_THAT(capture::postgres::drop_slot(admin, "schedules"), IsOk());
    }

    static CaptureWork until_current() {
        return {.until_current = true,
                .recorded_ends = {},
                .on_chunk = {},
                .on_cut = {},
                .on_hold_up = {},
                .on_unreadable = {},
                .on_wait = {}};
    }

    /// Asks for random tables, and reads them while the payer lives; the process "dies" after a
    /// random chunk, or not.
    void read_again(const Configuration& configuration, std::mt19937& random) {
        for (int asked = 0; asked < 3; ++asked) {
            const auto pipeline = Pipeline::open(configuration, clock).value();
            std::vector<ledger::EntryBody> requests;
            for (const char* table : {"claim", "line", "event"}) {
                if (random() % 2 == 0) {
                    requests.emplace_back(ledger::ReadingRequested{.table = {"claims", table}});
                }
            }
            ASSERT_THAT(append_as_operator(*pipeline, requests), IsOk());
            std::stop_source stop;
            int chunks = 1 + static_cast<int>(random() % 20);
            CaptureWork work = until_current();
            work.on_chunk = [&](const landing::ChunkReport&) {
                std::this_thread::sleep_for(std::chrono::microseconds(random() % 10'000));
                if (--chunks == 0) {
                    stop.request_stop();
                }
            };
            const Status captured = capture(*pipeline, work, stop.get_token());
            if (!captured && captured.error().kind() != ErrorKind::cancelled) {
                ASSERT_THAT(captured, IsOk());
            }
        }
    }

    /// Reads the snapshot; the process "dies" after a random chunk of each reading.
    void snapshot(const Configuration& configuration, std::mt19937& random) {
        for (int readings = 0;; ++readings) {
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
            const auto pipeline = Pipeline::open(configuration, clock).value();
            std::stop_source stop;
            int chunks = 1 + static_cast<int>(random() % 20);
            CaptureWork work = until_current();
            work.on_chunk = [&](const landing::ChunkReport&) {
                std::this_thread::sleep_for(std::chrono::microseconds(random() % 10'000));
                if (--chunks == 0 && readings < 6) {
                    stop.request_stop();
                }
            };
            work.on_cut = [&](const landing::CutReport&) { stop.request_stop(); };
            const Status captured = capture(*pipeline, work, stop.get_token());
            if (captured || captured.error().kind() != ErrorKind::cancelled) {
                ASSERT_THAT(captured, IsOk());
                return;
            }
        }
    }

    void capture_some_cuts(const Configuration& configuration) {
        const auto pipeline = Pipeline::open(configuration, clock).value();
        ASSERT_THAT(capture(*pipeline, until_current(), {}), IsOk());
    }

    void compare(const Configuration& configuration, const Payer& payer) {
        const auto pipeline = Pipeline::open(configuration, clock).value();
        ASSERT_THAT(capture(*pipeline, until_current(), {}), IsOk());
        auto refine = RefineStage::open(*pipeline);
        ASSERT_THAT(refine, IsOk());
        ASSERT_THAT(refine->run({}), IsOk());
        const auto load = LoadStage::open(*pipeline);
        ASSERT_THAT(load, IsOk());
        ASSERT_THAT((*load)->run({}), IsOk());
        ledger::PipelineState state;
        ASSERT_THAT(ledger::catch_up(state, pipeline->ledger()), IsOk());
        readings_seen += was_resumed(*pipeline) ? 1 : 0;
        const auto contracts = newest_contracts(state, pipeline->ledger()).value();
        ASSERT_TRUE(state.aside().empty());
        for (const auto& contract : contracts) {
            compare_at_every_cut((*load)->warehouse(), *contract, state, payer);
        }
        for (const auto& contract : contracts) {
            // Of a table without a key, a repair tells what the log had told, and was passed over.
            if (contract->has_key() || state.absences.empty()) {
                expect_no_version_ended_by_a_chunk((*load)->warehouse(), contract->name);
            }
        }
    }

    static bool was_resumed(Pipeline& pipeline) {
        return std::ranges::any_of(
            *pipeline.ledger().read_from({}), [](const ledger::Entry& entry) {
                return std::holds_alternative<ledger::SnapshotResumed>(entry.body);
            });
    }

    static void compare_at_every_cut(warehouse::Warehouse& warehouse,
                                     const catalog::TableContract& contract,
                                     const ledger::PipelineState& state, const Payer& payer) {
        const std::string name = contract.name.to_string();
        for (const auto& [cut, landed] : state.landed) {
            const Tables expected = payer.at(position_of(state, contract.name, cut));
            const auto found = expected.find(name);
            ASSERT_EQ(rows_as_of(warehouse, contract, cut),
                      found == expected.end() ? Rows() : found->second)
                << name << " at cut " << cut.value << " of " << state.landed.size();
        }
    }

    /// A table that is set aside stands where it was.
    static Position position_of(const ledger::PipelineState& state, const catalog::TableName& table,
                                ledger::CutNumber cut) {
        while (state.is_aside(table, cut)) {
            --cut.value;
        }
        return state.landed.at(cut).entry.position;
    }

    /// A chunk's row stands where no commit record can begin.
    static void expect_no_version_ended_by_a_chunk(warehouse::Warehouse& warehouse,
                                                   const catalog::TableName& table) {
        const auto found = warehouse.query(
            fmt::format("SELECT count(*) FROM {}_history.{} WHERE end_position % 8 = 7",
                        table.schema, table.table));
        ASSERT_THAT(found, IsOk());
        EXPECT_EQ(found->rows[0][0], "0") << table.to_string();
    }

    static Rows rows_as_of(warehouse::Warehouse& warehouse, const catalog::TableContract& contract,
                           ledger::CutNumber cut) {
        const std::string as_of = warehouse.as_of(contract, cut).value();
        const auto found = warehouse.query(
            "SELECT format('({},{},{},{})', id, state, left(note, 2), left(pad, 1)) FROM (" +
            as_of + ")");
        EXPECT_THAT(found, IsOk());
        Rows rows;
        for (const auto& row : found->rows) {
            rows.insert(row[0].value_or("null"));
        }
        return rows;
    }

    static inline std::unique_ptr<store::ScratchFolder> folder;
    static inline std::unique_ptr<PrivateServer> server;
    SystemClock clock;
    int readings_seen = 0;

    void run_schedules(bool reads_again) {
        const int few = reads_again ? 6 : 20;
        const int usual = number_from_environment("WEIR_TEST_FULL", 0) == 1 ? 2'000 : few;
        const int schedules = number_from_environment("WEIR_TEST_SCHEDULES", usual);
        const int first = number_from_environment("WEIR_TEST_SEED", 1);
        for (int seed = first; seed < first + schedules; ++seed) {
            SCOPED_TRACE(fmt::format("WEIR_TEST_SEED={}", seed));
            run_schedule(static_cast<std::uint32_t>(seed), reads_again);
            if (HasFatalFailure()) {
                return;
            }
        }
        EXPECT_GT(readings_seen, schedules / 4) << "schedules with several readings";
    }
};

TEST_F(SnapshotSchedules, GiveTheSourcesTablesAtEveryCut) {
    run_schedules(false);
}

TEST_F(SnapshotSchedules, GiveThemWhenTablesAreReadAgainBesideTheLog) {
    run_schedules(true);
}

}  // namespace
}  // namespace weir::app
