#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/commands.h"
#include "app/load_stage.h"
#include "app/model_stage.h"
#include "app/private_s3.h"
#include "app/proof.h"
#include "app/run_loop.h"
#include "capture/postgres/private_server.h"
#include "capture/postgres/replication_slot.h"
#include "models/child_process.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;
using capture::postgres::Connection;
using capture::postgres::PrivateServer;
using Seconds = std::chrono::duration<double>;
using nlohmann::json;

// A two-core machine with 8 GiB at a large cloud's list price, for the cost of a million changes.
constexpr double machine_dollars_an_hour = 0.0832;
constexpr std::string_view machine_name = "AWS t3.large, us-east-1, on demand";

/// When each cut reached which place.
class Freshness {
public:
    void landed(const landing::CutReport& cut) {
        const std::scoped_lock lock(cuts_mutex_);
        times_[cut.cut.value].landed = cut.landed_time;
        changes_ += cut.cut.value > 1 ? cut.rows : 0;
    }
    void loaded(const ledger::CutsLoaded& cuts, Timestamp now) {
        const std::scoped_lock lock(cuts_mutex_);
        for (std::uint64_t cut = cuts.from.value + 1; cut <= cuts.to.value; ++cut) {
            times_[cut].loaded = now;
        }
        last_loaded_ = cuts.to;
    }
    void published(ledger::CutNumber to, Timestamp now) {
        const std::scoped_lock lock(cuts_mutex_);
        for (auto& [cut, times] : times_) {
            if (cut <= to.value && times.published == Timestamp()) {
                times.published = now;
            }
        }
    }
    std::uint64_t changes() const {
        const std::scoped_lock lock(cuts_mutex_);
        return changes_;
    }
    ledger::CutNumber last_loaded() const {
        const std::scoped_lock lock(cuts_mutex_);
        return last_loaded_;
    }

    /// Returns p50 and p99 in milliseconds of all changes after the snapshot, from commit at the
    /// source until landed and until loaded.
    Result<json> percentiles(sql::SqlSession& session) const;

private:
    std::string cut_values() const;  // REQUIRES: cuts_mutex_ is held.

    struct Times {
        Timestamp landed;
        Timestamp loaded;
        Timestamp published;
    };
    mutable std::mutex cuts_mutex_;
    std::map<std::uint64_t, Times> times_;  // Guarded by cuts_mutex_, as the two below.
    std::uint64_t changes_ = 0;
    ledger::CutNumber last_loaded_{};
};

std::string Freshness::cut_values() const {
    std::string values;
    for (const auto& [cut, times] : times_) {
        values += fmt::format("{}({}, {}, {}, {})", values.empty() ? "" : ", ", cut,
                              times.landed.time_since_epoch().count(),
                              times.loaded.time_since_epoch().count(),
                              times.published.time_since_epoch().count());
    }
    return values;
}

/// A SELECT of the cut and the commit time of every version that the stream brought.
Result<std::string> streamed_versions(sql::SqlSession& session) {
    TRY_LET(const sql::Rows tables,
            session.query("SELECT table_schema, table_name FROM information_schema.tables WHERE "
                          "table_schema LIKE '%\\_history' ESCAPE '\\' AND table_type = 'BASE "
                          "TABLE'"));
    std::string versions;
    for (const auto& row : tables.rows) {
        versions += fmt::format(
            "{}SELECT from_cut, epoch_us(valid_from) AS committed FROM {}.{} "
            "WHERE from_cut > 1",
            versions.empty() ? "" : " UNION ALL ", sql::quote_identifier(*row[0]),
            sql::quote_identifier(*row[1]));
    }
    return versions;
}

Result<json> Freshness::percentiles(sql::SqlSession& session) const {
    const std::scoped_lock lock(cuts_mutex_);
    TRY_LET(const std::string versions, streamed_versions(session));
    std::string figures;
    std::vector<std::string> names;
    for (const std::string place : {"landed", "loaded", "published"}) {
        for (const int percent : {50, 99}) {
            figures += fmt::format("{}quantile_disc({} - committed, 0.{}) // 1000",
                                   figures.empty() ? "" : ", ", place, percent);
            names.push_back(fmt::format("{}_p{}_ms", place, percent));
        }
    }
    TRY_LET(const sql::Rows rows,
            session.query(fmt::format("WITH cuts(cut, landed, loaded, published) AS (VALUES {}), "
                                      "versions AS ({}) SELECT {} FROM versions JOIN cuts ON cut = "
                                      "from_cut",
                                      cut_values(), versions, figures)));
    json found;
    for (std::size_t index = 0; index < names.size(); ++index) {
        const auto& cell = rows.rows[0][index];
        found[names[index]] = cell ? json(std::stoll(*cell)) : json();
    }
    return found;
}

/// The demo's stage: folder, server, pipeline. Made step by step, removed at the end.
class Demo {
public:
    Demo(CommandContext& context, const DemoOptions& options)
        : context_(context), options_(options) {}
    ~Demo();

    Status run();

private:
    Status work();
    Status make_folder();
    Status prepare_folder();
    Status load_payer();
    Status make_pipeline();
    RunObserver observer();
    Status build_models(ModelStage& models, LoadStage& load, ledger::CutNumber cut,
                        const std::stop_token& stop);
    Status run_chain();
    Status wait_for_payer(const std::stop_token& stop);
    Status wait_until_loaded(const std::stop_token& stop);
    Result<bool> prove_tables(sql::SqlSession& session);
    Status prove();
    void print() const;
    Status simulate(const std::vector<std::string>& words, const std::stop_token& stop) const;

    CommandContext& context_;
    DemoOptions options_;
    SystemClock clock_;
    fs::path folder_;
    std::optional<PrivateServer> server_;
    std::unique_ptr<PrivateS3> s3_;
    std::unique_ptr<Pipeline> pipeline_;
    Freshness freshness_;
    std::atomic<bool> snapshot_loaded_ = false;
    std::chrono::steady_clock::time_point started_;
    double load_payer_seconds_ = 0;
    double stream_seconds_ = 0;
    json result_;
};

Demo::~Demo() {
    pipeline_.reset();
    s3_.reset();
    if (server_ && !options_.keep) {
        server_->stop();
    }
    std::error_code error;
    if (!folder_.empty() && !options_.keep) {
        fs::remove_all(folder_, error);
    }
}

Status Demo::make_folder() {
    if (!options_.folder.empty()) {
        folder_ = fs::absolute(options_.folder);
        std::error_code error;
        if (fs::exists(folder_, error) && !fs::is_empty(folder_, error)) {
            folder_.clear();
            return fail(
                ErrorKind::already_exists,
                "the demo wants a folder of its own; name another, or an empty one, folder={}",
                options_.folder.string());
        }
        fs::create_directories(folder_, error);
    } else {
        std::string name = (fs::temp_directory_path() / "weir-demo-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            return fail(ErrorKind::unavailable,
                        "cannot make a temporary folder; name one with --folder");
        }
        folder_ = name;
    }
    return prepare_folder();
}

Status Demo::prepare_folder() {
    std::error_code refused;
    fs::permissions(folder_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec,
                    refused);
    if (refused) {
        const std::string folder = std::exchange(folder_, {}).string();
        return fail(ErrorKind::unavailable,
                    "cannot make the folder of the demo: {}; name another with --folder, folder={}",
                    refused.message(), folder);
    }
    constexpr std::uintmax_t bytes_for_a_line = 4'096;
    if (fs::space(folder_).available < options_.scale * bytes_for_a_line + (1U << 30U)) {
        return fail(ErrorKind::unavailable,
                    "the disk has not room enough; free some, or take a smaller --scale, folder={}",
                    folder_.string());
    }
    return {};
}

Status Demo::simulate(const std::vector<std::string>& words, const std::stop_token& stop) const {
    std::error_code error;
    models::ChildOptions simulator{
        .program = fs::read_symlink("/proc/self/exe", error).parent_path() / "weir-simulate",
        .arguments = {"--url", server_->url(), "--seed", "1", "--scale",
                      std::to_string(options_.scale)},
        .environment = {},
        .folder = folder_,
        .output = folder_ / "simulate.log",
        .timeout = std::chrono::hours(24)};
    simulator.arguments.insert(simulator.arguments.end(), words.begin(), words.end());
    const auto ended = models::run_child(simulator, stop);
    if (!ended && ended.error().kind() == ErrorKind::cancelled) {
        return fail(ErrorKind::cancelled, "the demo was stopped");
    }
    TRY_LET(const models::ChildEnd end, ended);
    if (end.exit_code != 0) {
        return fail(ErrorKind::internal, "the simulator failed; see its log, code={}, log={}",
                    end.exit_code.value_or(128 + end.signal), simulator.output.string());
    }
    return {};
}

Status Demo::load_payer() {
    context_.report.line(fmt::format("A private PostgreSQL in {}", folder_.string()));
    TRY_LET(PrivateServer server,
            PrivateServer::start({.folder = folder_ / "postgres", .settings = {}}));
    server_.emplace(std::move(server));
    context_.report.line(fmt::format("The payer's database, {} claim lines ...", options_.scale));
    const auto start = clock_.steady_now();
    TRY(simulate({"--load"}, context_.stop.get_token()));
    load_payer_seconds_ = Seconds(clock_.steady_now() - start).count();
    return {};
}

Status Demo::make_pipeline() {
    const fs::path file = folder_ / "weir.yaml";
    if (options_.s3) {
        TRY_LET(s3_, PrivateS3::start(folder_ / "s3"));
        context_.report.line("A private server of S3, versitygw");
    }
    std::ofstream(file) << "version: 1\npipeline: claims\nsource:\n  postgres: " << server_->url()
                        << "\n  tables: [claims.*]\nmodels: {project: claims, every: 15s}\n"
                        << (s3_ ? s3_->configuration() : "store: data\n");
    TRY_LET(const Configuration configuration, read_configuration(file));
    TRY(Pipeline::create(configuration, clock_));
    TRY_LET(pipeline_, Pipeline::open(configuration, clock_));
    return {};
}

Status Demo::wait_for_payer(const std::stop_token& stop) {
    const std::uint64_t transactions = options_.rate * options_.seconds;
    context_.report.line(fmt::format("The payer works for {} s: {} transactions at {}/s ...",
                                     options_.seconds, transactions, options_.rate));
    const auto start = clock_.steady_now();
    auto payer = std::async(std::launch::async, [&] {
        return simulate(
            {"--run", std::to_string(transactions), "--rate", std::to_string(options_.rate)}, stop);
    });
    while (payer.wait_for(std::chrono::milliseconds(250)) != std::future_status::ready) {
        context_.report.progress(fmt::format("{:.0f} s: {} changes landed",
                                             Seconds(clock_.steady_now() - start).count(),
                                             freshness_.changes()));
    }
    TRY(payer.get());
    stream_seconds_ = Seconds(clock_.steady_now() - start).count();
    return {};
}

Status Demo::wait_until_loaded(const std::stop_token& stop) {
    TRY_LET(Connection source, Connection::open(server_->url()));
    TRY_LET(const change::Position end, capture::postgres::log_end(source));
    ledger::PipelineState state;
    while (!stop.stop_requested()) {
        TRY(ledger::catch_up(state, pipeline_->ledger()));
        if (state.position >= end && state.published == state.last_landed()) {
            return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return fail(ErrorKind::cancelled, "the demo was stopped");
}

RunObserver Demo::observer() {
    return {.on_chunk =
                [this](const landing::ChunkReport& chunk) {
                    context_.report.progress(fmt::format("snapshot: {} of {} chunks",
                                                         chunk.chunks_landed, chunk.chunks));
                },
            .on_landed = [this](const landing::CutReport& cut) { freshness_.landed(cut); },
            .on_loaded =
                [this](const ledger::CutsLoaded& cuts) {
                    freshness_.loaded(cuts, clock_.now());
                    if (!snapshot_loaded_.exchange(true)) {
                        result_["initial_load_s"] = Seconds(clock_.steady_now() - started_).count();
                    }
                },
            .on_wait = {},
            .on_notice = {}};
}

Status Demo::build_models(ModelStage& models, LoadStage& load, ledger::CutNumber cut,
                          const std::stop_token& stop) {
    TRY_LET(const ModelOutcome outcome, models.build(load, cut, stop));
    freshness_.published(outcome.cut, clock_.now());
    result_["models"] = outcome.models;
    result_["model_tests_passed"] = outcome.tests_passed;
    result_["quality_passed"] = true;  // What does not hold is an error of the build.
    result_["expectations"] = outcome.expectations;
    return {};
}

Status Demo::run_chain() {
    started_ = clock_.steady_now();
    std::stop_source stop;
    const std::stop_callback also(context_.stop.get_token(), [&] { stop.request_stop(); });
    TRY_LET(const auto models, ModelStage::open(*pipeline_));
    RunLoop loop(*pipeline_, {.until_current = false,
                              .build_models =
                                  [&](LoadStage& load, ledger::CutNumber cut) {
                                      return build_models(*models, load, cut, stop.get_token());
                                  },
                              .observer = observer()});
    Status outcome;
    std::jthread chain([&] { outcome = loop.run(stop); });
    while (!snapshot_loaded_ && !stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    Status worked = wait_for_payer(stop.get_token());
    if (worked) {
        worked = wait_until_loaded(stop.get_token());
    }
    stop.request_stop();
    chain.join();
    TRY(std::move(outcome));
    return worked;
}

Result<bool> Demo::prove_tables(sql::SqlSession& session) {
    TRY_LET(Connection source, Connection::open(server_->url()));
    TRY_LET(const auto proofs, prove_equal(*pipeline_, source, session));
    std::uint64_t rows = 0;
    bool equal = true;
    for (const TableProof& proof : proofs) {
        rows += proof.rows;
        equal = equal && proof.equal;
        context_.report.line(fmt::format("  {:<28} {:>10} rows  {}", proof.table, proof.rows,
                                         proof.equal ? "source = warehouse" : "DIFFERENT"));
    }
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline_->ledger()));
    result_["schema_changes"] = state.contracts.size() - proofs.size();
    result_["rows_at_source"] = rows;
    result_["source_equals_warehouse"] = equal;
    return equal;
}

Status Demo::prove() {
    TRY_LET(const auto stage, LoadStage::open(*pipeline_));
    TRY_LET(const bool equal, prove_tables(stage->session()));
    TRY_LET(const json figures, freshness_.percentiles(stage->session()));
    result_.update(figures);
    TRY_LET(const sql::Rows initial,
            stage->session().query("SELECT rows FROM weir_ops.load ORDER BY from_cut LIMIT 1"));
    result_["rows_initial"] =
        initial.rows.empty() ? 0 : std::stoll(initial.rows[0][0].value_or("0"));
    result_["changes"] = freshness_.changes();
    TRY_LET(const ledger::VerifyReport verified, verify_ledger(*pipeline_));
    result_["ledger_verified"] = true;
    context_.report.line(fmt::format("  ledger verified: {} entries, {} files",
                                     verified.size.entries, verified.files));
    if (!equal) {
        print();
        return fail(ErrorKind::corrupt, "source and warehouse differ");
    }
    return {};
}

void Demo::print() const {
    Report& report = context_.report;
    const double changes = static_cast<double>(freshness_.changes());
    const double hours = stream_seconds_ / 3'600;
    report.line(fmt::format("\n  initial load            {:.1f} s for {} rows",
                            result_.value("initial_load_s", 0.0),
                            result_.value("rows_initial", 0)));
    report.line(fmt::format(
        "  changes                 {:.0f} in {:.0f} s, {:.0f} million a day at this rate", changes,
        stream_seconds_, changes / stream_seconds_ * 86'400 / 1e6));
    for (const auto* place : {"landed", "loaded", "published"}) {
        report.line(fmt::format("  freshness, {:<12} p50 {} ms, p99 {} ms", place,
                                result_.value(fmt::format("{}_p50_ms", place), 0),
                                result_.value(fmt::format("{}_p99_ms", place), 0)));
    }
    report.line(fmt::format("  cost                    ${:.4f} per million changes ({}, ${}/h)",
                            hours * machine_dollars_an_hour / (changes / 1e6), machine_name,
                            machine_dollars_an_hour));
    report.line(fmt::format("  schema changes          {} handled in mid-stream",
                            result_.value("schema_changes", 0)));
    report.line(
        fmt::format("  quality                 {} expectations and {} dbt tests hold; {} models",
                    result_.value("expectations", 0), result_.value("model_tests_passed", 0),
                    result_.value("models", 0)));
    const std::string file = options_.keep ? (folder_ / "weir.yaml").string() : "F/weir.yaml";
    report.line(
        fmt::format("\nTry next{}:\n  weir --config {} status\n  weir --config {} query "
                    "'select claim_status, count(*) from claims.claim group by 1'\n  weir "
                    "--config {} ledger verify",
                    options_.keep ? "" : " (after weir demo --keep --folder F)", file, file, file));
}

Status Demo::run() {
    TRY(dbt_program(""));  // Before a minute's work that would be for nothing.
    if (options_.s3) {
        TRY(PrivateS3::find_program());
    }
    TRY(make_folder());
    Status worked = work();
    return options_.keep ? worked : std::move(worked).with("the demo (--keep leaves its folder)");
}

Status Demo::work() {
    TRY(load_payer());
    TRY(make_pipeline());
    TRY(run_chain());
    TRY(prove());
    print();
    context_.report.result(result_);
    return {};
}

}  // namespace

Status demo(CommandContext& context, const DemoOptions& options) {
    return Demo(context, options).run();
}

}  // namespace weir::app
