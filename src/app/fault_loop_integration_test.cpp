// Goal: whichever call of a neighbour fails, is in doubt, comes late, is done twice, is torn, or is
// the last that a process makes before kill -9: once the pipeline has run again nothing is lost,
// doubled or half there, the ledger verifies, and files that nobody names are of a lease that is
// over. What a run fails with says that it may be tried again.
//
// Method: a real server, whose triggers keep an account of every version, in three phases with a
// run each: a snapshot; changes, DDL, a truncate, a session that dies in its transaction and one
// that stays open; its end. Each run is a process of its own, in which one call is broken: of the
// store (files, ledger), the source (a proxy cuts the connection between two messages), the
// warehouse (a statement), or the clock (it jumps by an hour). A clean run counts the calls; the
// faults are spread evenly over them: one of each kind, 1,000 with WEIR_TEST_FULL;
// WEIR_TEST_FAULTS says how many, WEIR_TEST_FAULT="ledger torn 7" tries one.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "app/cutting_proxy.h"
#include "app/load_stage.h"
#include "app/proof.h"
#include "app/retry.h"
#include "app/run_loop.h"
#include "app/start_check.h"
#include "base/result_matchers.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/private_server.h"
#include "capture/postgres/replication_slot.h"
#include "ledger/file_list.h"
#include "sql/faulty_session.h"
#include "store/faulty_store.h"
#include "store/local_store.h"
#include "store/scratch_folder.h"

namespace weir::app {
namespace {

using namespace std::chrono_literals;
using capture::postgres::Connection;
using capture::postgres::PrivateServer;
using sql::SessionFault;
using store::Fault;

constexpr std::string_view slot = "faults";
constexpr int phases = 3;

enum class Place { files, ledger, source, warehouse, clock };

/// What goes wrong, and where.
struct Kind {
    std::string name;
    Place place = Place::files;
    Fault fault = Fault::refused;                  // Of the store.
    SessionFault session = SessionFault::refused;  // Of the warehouse.
    std::chrono::hours jump{0};                    // Of the clock.
    bool kills = false;                            // Of source and clock.
};

std::vector<Kind> kinds_of_store() {
    std::vector<Kind> kinds;
    for (const auto& [name, fault] : {std::pair("refused", Fault::refused),
                                      {"delayed", Fault::delayed},
                                      {"in doubt", Fault::in_doubt},
                                      {"late", Fault::late},
                                      {"done twice", Fault::done_twice},
                                      {"torn", Fault::torn},
                                      {"stale", Fault::stale},
                                      {"killed before", Fault::stopped_before},
                                      {"killed within", Fault::stopped_within},
                                      {"killed after", Fault::stopped_after}}) {
        // Files are only ever created, and a store tells its own creating from another's.
        if (fault != Fault::done_twice) {
            kinds.push_back({.name = fmt::format("files {}", name), .fault = fault});
        }
        kinds.push_back(
            {.name = fmt::format("ledger {}", name), .place = Place::ledger, .fault = fault});
    }
    return kinds;
}

std::vector<Kind> all_kinds() {
    std::vector<Kind> kinds = kinds_of_store();
    for (const auto& [name, fault] : {std::pair("refused", SessionFault::refused),
                                      {"in doubt", SessionFault::in_doubt},
                                      {"killed before", SessionFault::stopped_before},
                                      {"killed after", SessionFault::stopped_after}}) {
        kinds.push_back({.name = fmt::format("warehouse {}", name),
                         .place = Place::warehouse,
                         .session = fault});
    }
    kinds.push_back({.name = "source cut", .place = Place::source});
    kinds.push_back({.name = "source killed", .place = Place::source, .kills = true});
    kinds.push_back({.name = "clock forward", .place = Place::clock, .jump = 1h});
    kinds.push_back({.name = "clock back", .place = Place::clock, .jump = -1h});
    kinds.push_back({.name = "clock killed", .place = Place::clock, .kills = true});
    return kinds;
}

/// Kinds of one name here befall the same calls.
std::pair<Place, int> calls_of(const Kind& kind) {
    if (kind.place != Place::files && kind.place != Place::ledger) {
        return {kind.place, 0};
    }
    switch (kind.fault) {
        case Fault::refused:
        case Fault::delayed: return {kind.place, 1};
        case Fault::late:
        case Fault::done_twice: return {kind.place, 2};
        case Fault::torn:
        case Fault::stopped_within: return {kind.place, 3};
        case Fault::stale: return {kind.place, 4};
        default: return {kind.place, 5};
    }
}

/// What a process tells its parent, whatever ends it.
struct Report {
    std::atomic<std::uint64_t> calls = 0;  // That could have been broken.
    std::atomic<bool> broken = false;
    ErrorKind kind = ErrorKind::internal;  // Of what it failed with.
    std::array<char, 2'000> text{};

    void tell(const std::string& words) {
        std::strncpy(text.data(), words.c_str(), text.size() - 1);
    }
};

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    std::abort();
}

/// The machine's clock, until it jumps, or much time passes.
class JumpingClock final : public Clock {
public:
    Timestamp now() const override {
        on_now();
        return SystemClock().now() + offset_.load() + passed_.load();
    }
    std::chrono::steady_clock::time_point steady_now() const override {
        return SystemClock().steady_now() + passed_.load();
    }
    void jump(std::chrono::hours by) { offset_ = by; }
    void pass(std::chrono::seconds time) { passed_ = passed_.load() + time; }

    std::function<void()> on_now = [] {};

private:
    std::atomic<std::chrono::seconds> offset_ = 0s;
    std::atomic<std::chrono::seconds> passed_ = 0s;
};

/// The neighbours of one process. One call of theirs breaks.
class FaultyWorld {
public:
    FaultyWorld(const Configuration& configuration, const Kind& kind, std::uint64_t call,
                Report& report)
        : configuration_(configuration), kind_(kind), call_(call), report_(report) {
        if (kind_.place == Place::clock) {
            clock_.on_now = [this] { jump_if_due(); };
        }
    }

    Status run() {
        TRY_LET(const auto local, store::LocalStore::open(configuration_.store));
        TRY_LET(const auto pipeline, Pipeline::open(configuration_, clock_, neighbours(*local)));
        TRY(compare_at_start(*pipeline));
        RunWork work{.until_current = true, .build_models = {}, .observer = {}};
        return RunLoop(*pipeline, std::move(work)).run(std::stop_source());
    }

private:
    bool is_due() {
        const bool due = ++report_.calls == call_;
        report_.broken = report_.broken || due;
        return due;
    }

    void jump_if_due() {
        if (is_due()) {
            if (kind_.kills) {
                die();
            }
            clock_.jump(kind_.jump);
        }
    }

    Neighbours neighbours(store::ObjectStore& local) {
        const bool of_store = kind_.place == Place::files || kind_.place == Place::ledger;
        auto store = std::make_unique<store::FaultyStore>(local, kind_.fault, of_store ? call_ : 0);
        store->on_stop(die);
        store->on_delay([this] { clock_.pass(1h); });
        if (of_store) {
            store->count_only([this](std::string_view key) { return counts(key); });
        }
        Neighbours faulty{.store = std::move(store)};
        if (kind_.place == Place::warehouse) {
            faulty.before_warehouse = [this](std::unique_ptr<sql::SqlSession> session) {
                return std::make_unique<sql::FaultySession>(
                    std::move(session), kind_.session, [this] { return is_due(); }, die);
            };
        }
        return faulty;
    }

    /// The store calls this for each call that the fault may befall, just before it counts it.
    bool counts(std::string_view key) {
        const bool ours = key.starts_with("ledger/") == (kind_.place == Place::ledger);
        if (ours) {
            static_cast<void>(is_due());
        }
        return ours;
    }

    Configuration configuration_;
    Kind kind_;
    std::uint64_t call_;
    Report& report_;
    JumpingClock clock_;
};

/// Rows of one key, in order.
using Versions = std::map<std::string, std::vector<std::string>>;

/// Compares what is left of a pipeline, once it ran to its end, with its source. Returns what is
/// wrong; nothing if all is well.
class Inspection {
public:
    Inspection(Pipeline& pipeline, Connection& source, sql::SqlSession& warehouse)
        : pipeline_(pipeline), source_(source), warehouse_(warehouse) {}

    Result<std::string> find() {
        TRY(verify_ledger(pipeline_));
        TRY_LET(const auto proofs, prove_equal(pipeline_, source_, warehouse_));
        for (const TableProof& proof : proofs) {
            if (!proof.equal || proofs.size() != 3) {
                return "the current rows differ in " + proof.table;
            }
        }
        for (const char* table : {"claim", "line", "event"}) {
            TRY_LET(std::string found, compare_history(table));
            if (!found.empty()) {
                return found;
            }
        }
        return unnamed_files();
    }

private:
    Result<std::string> compare_history(const std::string& table) {
        TRY_LET(const auto account,
                source_.query("SELECT id, state FROM account.version WHERE tab = '" + table +
                              "' ORDER BY number"));
        TRY_LET(const auto history,
                warehouse_.query("SELECT id::VARCHAR, state::VARCHAR FROM claims_history." + table +
                                 " ORDER BY commit_position, ordinal"));
        if (by_key(account) != by_key(history.rows)) {
            return fmt::format("the history differs in {}: {} versions, {} expected", table,
                               history.rows.size(), account.size());
        }
        TRY_LET(const auto backward, warehouse_.query("SELECT 1 FROM claims_history." + table +
                                                      " WHERE valid_from > valid_to"));
        return backward.rows.empty() ? "" : "a version ends before it begins in " + table;
    }

    static Versions by_key(const std::vector<std::vector<std::optional<std::string>>>& rows) {
        Versions versions;
        for (const auto& row : rows) {
            versions[row[0].value_or("")].push_back(row[1].value_or("null"));
        }
        return versions;
    }

    /// Files that no entry names are of a lease that is over.
    Result<std::string> unnamed_files() {
        TRY_LET(const auto entries, pipeline_.ledger().read_from({}));
        std::map<ledger::Stage, ledger::Epoch> newest;
        std::set<std::string> named;
        for (const ledger::Entry& entry : entries) {
            newest[entry.run.stage] = entry.run.epoch;
            TRY(name_files(entry, named));
        }
        TRY(name_missing(named));
        for (const auto& [zone, stage] : {std::pair("landing/", ledger::Stage::capture),
                                          {"processing/", ledger::Stage::refine}}) {
            TRY_LET(const auto objects, pipeline_.store().list(zone));
            for (const store::ObjectInfo& object : objects) {
                if (!named.contains(object.key) && epoch_of(object.key) >= newest[stage].value) {
                    return "nobody names " + object.key;
                }
            }
        }
        return std::string();
    }

    Status name_files(const ledger::Entry& entry, std::set<std::string>& named) {
        for (const ledger::NamedList& list : ledger::lists_of(entry.body)) {
            TRY_LET(const auto listed, pipeline_.ledger().read_files(list.files));
            for (const ledger::DataFile& file : listed) {
                named.insert(ledger::object_key(file, entry.run.epoch, list));
            }
        }
        return {};
    }

    Status name_missing(const std::set<std::string>& named) {
        for (const std::string& key : named) {
            TRY(pipeline_.store().stat(key).with("named by the ledger"));
        }
        return {};
    }

    static std::uint64_t epoch_of(const std::string& key) {
        const std::size_t at = key.rfind("-e");
        return at == std::string::npos ? UINT64_MAX : std::stoull(key.substr(at + 2));
    }

    Pipeline& pipeline_;
    Connection& source_;
    sql::SqlSession& warehouse_;
};

Result<std::string> inspect(const Configuration& configuration) {
    const SystemClock clock;
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(auto source, Connection::open(configuration.source_url));
    TRY_LET(const auto database,
            sql::DuckDbDatabase::open(pipeline->folders().warehouse_file(), {}));
    TRY_LET(const auto session, database.connect());
    return Inspection(*pipeline, source, *session).find();
}

constexpr auto make_source =
    "DROP SCHEMA IF EXISTS claims CASCADE; DROP SCHEMA IF EXISTS account CASCADE;"
    "CREATE SCHEMA claims; CREATE SCHEMA account;"
    "CREATE TABLE claims.claim (id int PRIMARY KEY, state int, note text);"
    "CREATE TABLE claims.line (id int PRIMARY KEY, state int, pad text);"
    "CREATE TABLE claims.event (id int, state int);"
    "ALTER TABLE claims.event REPLICA IDENTITY FULL;"
    "CREATE TABLE account.version (number serial, tab text, id int, state int);"
    "CREATE FUNCTION account.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  INSERT INTO account.version (tab, id, state) VALUES (TG_TABLE_NAME, NEW.id, NEW.state);"
    "  RETURN NULL; END $$;"
    "CREATE TRIGGER note AFTER INSERT OR UPDATE ON claims.claim FOR EACH ROW"
    "  EXECUTE FUNCTION account.note();"
    "CREATE TRIGGER note AFTER INSERT OR UPDATE ON claims.line FOR EACH ROW"
    "  EXECUTE FUNCTION account.note();"
    "CREATE TRIGGER note AFTER INSERT OR UPDATE ON claims.event FOR EACH ROW"
    "  EXECUTE FUNCTION account.note();"
    "INSERT INTO claims.claim SELECT i, 0, repeat('n', 3000) FROM generate_series(1, 30) i;"
    "INSERT INTO claims.line SELECT i, 0, 'p' FROM generate_series(1, 10) i;"
    "INSERT INTO claims.event SELECT i, 0 FROM generate_series(1, 5) i";

constexpr auto changes =
    "BEGIN; UPDATE claims.claim SET state = state + 1 WHERE id <= 10;"
    "INSERT INTO claims.line VALUES (100, 1, 'p'); DELETE FROM claims.claim WHERE id = 11; COMMIT;"
    "BEGIN; INSERT INTO claims.line SELECT i, 0, repeat('p', 200) FROM generate_series(1000, 1500) "
    "i;"
    "SAVEPOINT s; DELETE FROM claims.line; ROLLBACK TO s;"
    "UPDATE claims.claim SET note = 'm' WHERE id = 1; COMMIT;"
    "DELETE FROM claims.event WHERE id = 2;"
    "TRUNCATE claims.event; INSERT INTO claims.event VALUES (1, 7), (9, 8);"
    "ALTER TABLE claims.claim ADD COLUMN extra int DEFAULT 7;"
    "INSERT INTO claims.claim VALUES (200, 3, 'x', 8);"
    "UPDATE claims.claim SET state = 5, extra = 1 WHERE id IN (2, 12);"
    "UPDATE claims.claim SET id = id + 1000, state = 6 WHERE id = 13";

/// Changes the source, phase by phase.
class Payer {
public:
    explicit Payer(const std::string& url)
        : url_(url),
          session_(Connection::open(url).value()),
          open_(Connection::open(url).value()) {}

    Status begin(int phase) {
        switch (phase) {
            case 0: return session_.execute(make_source);
            case 1:
                TRY(open_.execute("BEGIN; INSERT INTO claims.line VALUES (500, 1, 'open')"));
                TRY(session_.execute(changes));
                return die_in_a_transaction();
            default:
                TRY(open_.execute("COMMIT"));
                return session_.execute(
                    "UPDATE claims.line SET state = 2 WHERE id = 500;"
                    "DELETE FROM claims.line WHERE id BETWEEN 1000 AND 1100");
        }
    }

private:
    Status die_in_a_transaction() {
        TRY_LET(auto dying, Connection::open(url_));
        TRY(
            dying.execute("BEGIN; DELETE FROM claims.line WHERE id = 2;"
                          "INSERT INTO claims.line SELECT i, 0, repeat('q', 200) FROM "
                          "generate_series(5000, 5500) i"));
        return session_.execute(
            fmt::format("SELECT pg_terminate_backend({}, 10000)", dying.process()));
    }

    std::string url_;
    Connection session_;
    Connection open_;
};

class FaultLoop : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        folder = std::make_unique<store::ScratchFolder>();
        auto started = PrivateServer::start(
            {.folder = folder->path(),
             .settings = {"shared_buffers = 64MB", "logical_decoding_work_mem = 64kB"}});
        ASSERT_THAT(started, IsOk());
        server = std::make_unique<PrivateServer>(*std::move(started));
        void* memory = ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(memory, MAP_FAILED);
        report = static_cast<Report*>(memory);
    }
    static void TearDownTestSuite() {
        ::munmap(report, sizeof(Report));
        server.reset();
        folder.reset();
    }

    Configuration configuration_of(const store::ScratchFolder& store) const {
        Configuration configuration;
        configuration.pipeline = "claims";
        configuration.source_url = server->url();
        configuration.tables = {"claims.*"};
        configuration.slot = slot;
        configuration.publication = slot;
        configuration.keep_in(store.path());
        configuration.chunk_blocks = 8;
        configuration.snapshot_workers = 1;
        configuration.cut_interval = 20ms;
        return configuration;
    }

    /// Runs something in a process of its own and returns how that ended.
    static int in_process(const std::function<void()>& work, CuttingProxy* proxy = nullptr) {
        new (report) Report;
        std::fflush(nullptr);
        const pid_t process = ::fork();
        if (process == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            work();
            ::_exit(0);
        }
        if (proxy != nullptr) {
            proxy->kill_then(process);
        }
        int status = 0;
        ::waitpid(process, &status, 0);
        return status;
    }

    /// Runs the pipeline until it is current; the call with this number breaks, if it comes.
    int run(Configuration configuration, const Kind& kind, std::uint64_t call) {
        std::optional<CuttingProxy> proxy;
        if (kind.place == Place::source) {
            proxy.emplace(server->port(), call);
            configuration.source_url = fmt::format(
                "postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable&gssencmode=disable",
                proxy->port());
        }
        const int status = in_process(
            [&] {
                const Status done = FaultyWorld(configuration, kind, call, *report).run();
                if (!done) {
                    report->kind = done.error().kind();
                    report->tell(done.error().to_string());
                    ::_exit(1);
                }
            },
            kind.kills && proxy ? &*proxy : nullptr);
        if (proxy) {
            report->calls = proxy->messages();
            report->broken = proxy->has_cut();
        }
        return status;
    }

    /// A killed process' session may live a little longer than the process.
    static void wait_for_slot(Connection& admin) {
        const std::string asks = fmt::format(
            "SELECT 1 FROM pg_replication_slots WHERE slot_name = '{}' AND active", slot);
        while (!admin.query(asks).value().empty()) {
            std::this_thread::sleep_for(1ms);
        }
    }

    void expect_that_it_may_be_tried_again(int status) {
        if (WIFSIGNALED(status)) {
            EXPECT_EQ(WTERMSIG(status), SIGKILL);
        } else if (status != 0) {
            EXPECT_TRUE(may_pass(report->kind)) << report->text.data();
        }
    }

    /// Runs all phases, breaking one call of one of them. Returns how many calls could have been
    /// broken.
    std::uint64_t go_through(const Kind& kind, std::uint64_t call) {
        auto admin = Connection::open(server->url()).value();
        const store::ScratchFolder store;
        const Configuration configuration = configuration_of(store);
        EXPECT_THAT(Pipeline::create(configuration, clock), IsOk());
        Payer payer(server->url());
        std::uint64_t before = 0;
        for (int phase = 0; phase < phases; ++phase) {
            SCOPED_TRACE(fmt::format("phase {}", phase));
            EXPECT_THAT(payer.begin(phase), IsOk());
            const int status = run(configuration, kind, call > before ? call - before : 0);
            before += report->calls;
            EXPECT_TRUE(status == 0 || report->broken) << report->text.data();
            expect_that_it_may_be_tried_again(status);
            if (status != 0) {
                recover(configuration, admin);
            }
        }
        compare(configuration);
        EXPECT_THAT(capture::postgres::drop_slot(admin, std::string(slot)), IsOk());
        return before;
    }

    void recover(const Configuration& configuration, Connection& admin) {
        wait_for_slot(admin);
        ASSERT_EQ(run(configuration, {}, 0), 0) << "after the fault: " << report->text.data();
    }

    void compare(const Configuration& configuration) {
        const int status = in_process([&] {
            const auto found = inspect(configuration);
            report->tell(found ? *found : found.error().to_string());
            ::_exit(found && found->empty() ? 0 : 1);
        });
        EXPECT_EQ(status, 0) << report->text.data();
    }

    void try_all(const std::vector<std::pair<Kind, std::uint64_t>>& faults) {
        for (const auto& [kind, call] : faults) {
            SCOPED_TRACE(fmt::format("WEIR_TEST_FAULT=\"{} {}\"", kind.name, call));
            go_through(kind, call);
            if (HasFatalFailure()) {
                return;
            }
        }
    }

    static inline std::unique_ptr<store::ScratchFolder> folder;
    static inline std::unique_ptr<PrivateServer> server;
    static inline Report* report = nullptr;
    SystemClock clock;
};

std::uint64_t faults_wanted() {
    const char* named = std::getenv("WEIR_TEST_FAULTS");
    const char* full = std::getenv("WEIR_TEST_FULL");
    if (named != nullptr) {
        return std::strtoull(named, nullptr, 10);
    }
    return full != nullptr && std::string_view(full) == "1" ? 1'000 : 0;
}

/// Spreads faults over the calls of all kinds, at least one over each kind that has calls.
std::vector<std::pair<Kind, std::uint64_t>> spread(
    const std::vector<std::pair<Kind, std::uint64_t>>& calls, std::uint64_t wanted) {
    std::uint64_t all = 0;
    for (const auto& [kind, count] : calls) {
        all += count;
    }
    std::vector<std::pair<Kind, std::uint64_t>> faults;
    for (const auto& [kind, count] : calls) {
        const std::uint64_t share =
            std::min(count, std::max<std::uint64_t>(1, (wanted * count + all - 1) / all));
        for (std::uint64_t index = 0; index < share; ++index) {
            faults.emplace_back(kind, 1 + (2 * index + 1) * count / (2 * share));
        }
    }
    return faults;
}

TEST_F(FaultLoop, LeavesEverythingOnceAfterAnyFault) {
    const char* named = std::getenv("WEIR_TEST_FAULT");
    const std::string_view only = named == nullptr ? "" : named;
    std::map<std::pair<Place, int>, std::uint64_t> counted;
    std::vector<std::pair<Kind, std::uint64_t>> calls;
    for (const Kind& kind : all_kinds()) {
        if (only.starts_with(kind.name + " ")) {
            go_through(kind, std::stoull(std::string(only.substr(kind.name.size() + 1))));
        } else if (only.empty()) {
            const auto known = counted.find(calls_of(kind));
            const std::uint64_t count =
                known != counted.end() ? known->second : go_through(kind, 0);
            counted[calls_of(kind)] = count;
            calls.emplace_back(kind, count);
        }
    }
    ASSERT_TRUE(only.empty() || report->calls > 0) << "no fault is called " << only;
    try_all(spread(calls, faults_wanted()));
}

}  // namespace
}  // namespace weir::app
