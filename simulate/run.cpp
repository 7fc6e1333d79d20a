#include "simulate/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "simulate/database.h"
#include "simulate/truth_folder.h"

namespace weir::simulate {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 50ms;
constexpr auto longest_pause = 2000ms;
constexpr int reconnects_max = 200;  // About six minutes.

struct Progress {
    std::int64_t number = 0;
    Settings settings;
};

// A predecessor that was killed may still have a transaction in flight on the server: the lock is
// free when that is decided.
Status lock(Database& database) {
    Status locked = database.run("lock the simulation",
                                 "SET lock_timeout = '30s'; SELECT pg_advisory_lock(7310598317);"
                                 "SET lock_timeout = 0");
    return std::move(locked).with("another weir-simulate may be running on this database; stop it");
}

std::unexpected<Error> not_loaded() {
    return fail(
        ErrorKind::not_found,
        "cannot run: the database was not loaded, or not to the end; run DROP SCHEMA IF EXISTS "
        "claims, claims_simulation CASCADE, then weir-simulate --load");
}

Result<Progress> read_progress(Database& database) {
    TRY_LET(
        auto table,
        database.first_row("look for the progress",
                           "SELECT 1 WHERE to_regclass('claims_simulation.progress') IS NOT NULL"));
    if (!table) {
        return not_loaded();
    }
    TRY_LET(auto row,
            database.first_row("read the progress",
                               "SELECT transaction_number, seed, scale, bulk_at, alter_at "
                               "FROM claims_simulation.progress"));
    if (!row) {
        return not_loaded();
    }
    Progress progress;
    progress.number = std::stoll((*row)[0]);
    progress.settings.seed = static_cast<std::uint64_t>(std::stoll((*row)[1]));
    progress.settings.scale = std::stoll((*row)[2]);
    progress.settings.bulk_at = std::stoll((*row)[3]);
    progress.settings.alter_at = std::stoll((*row)[4]);
    return progress;
}

template <typename T>
Status check_same(std::string_view name, const std::optional<T>& wanted, T loaded) {
    if (wanted && *wanted != loaded) {
        return fail(ErrorKind::invalid,
                    "cannot run: the database was loaded with another --{}; leave it out or load "
                    "again, loaded={}, wanted={}",
                    name, loaded, *wanted);
    }
    return {};
}

Status check_fits(const RunOptions& options, const Progress& progress) {
    TRY(check_same("seed", options.seed, progress.settings.seed));
    TRY(check_same("scale", options.scale, progress.settings.scale));
    TRY(check_same("bulk-at", options.bulk_at, progress.settings.bulk_at));
    TRY(check_same("alter-at", options.alter_at, progress.settings.alter_at));
    if (progress.number > 0 && !options.resume) {
        return fail(
            ErrorKind::invalid,
            "cannot run: the database has lived already; go on with --resume or load again, "
            "transactions={}",
            progress.number);
    }
    return {};
}

// One run of `run`: the session, and the life that is one transaction ahead of it at most.
class Runner {
public:
    Runner(const RunOptions& options, const std::atomic<bool>& stop, Database database, Life life,
           std::optional<TruthFolder> truth)
        : options_(options),
          stop_(stop),
          database_(std::move(database)),
          life_(std::move(life)),
          truth_(std::move(truth)) {}

    Status catch_up(std::int64_t number) {
        TRY(keep_truth());
        while (life_.number() < number) {
            life_.skip();
            TRY(keep_truth());
        }
        return {};
    }

    Result<RunSummary> live() {
        const auto start = std::chrono::steady_clock::now();
        RunSummary summary;
        while (!stop_ && (!options_.last || life_.number() < *options_.last)) {
            if (options_.rate > 0) {
                std::this_thread::sleep_until(
                    start +
                    std::chrono::microseconds(summary.transactions * 1'000'000 / options_.rate));
            }
            const Transaction transaction = life_.next();
            TRY(commit(transaction));
            TRY(keep_truth());
            ++summary.transactions;
            summary.rows += transaction.rows;
        }
        if (truth_) {
            TRY(truth_->finish(life_));
        }
        return summary;
    }

private:
    Status keep_truth() { return truth_ ? truth_->keep(life_) : Status(); }

    Status commit(const Transaction& transaction) {
        const std::string what = fmt::format("run transaction {}", transaction.number);
        while (true) {
            Status status = database_.run(what, transaction.sql);
            if (status || status.error().kind() != ErrorKind::in_doubt) {
                return status;
            }
            TRY_LET(const std::int64_t number, reconnect());
            if (number == transaction.number) {
                return {};
            }
            if (number != transaction.number - 1) {
                return fail(
                    ErrorKind::corrupt,
                    "cannot go on: the database came back at another transaction; load again, "
                    "found={}, expected={} or {}",
                    number, transaction.number - 1, transaction.number);
            }
        }
    }

    // Returns the number of the last transaction that the server committed.
    Result<std::int64_t> reconnect() {
        auto pause = std::chrono::milliseconds(first_pause);
        for (int attempt = 0; attempt < reconnects_max; ++attempt) {
            std::this_thread::sleep_for(pause);
            pause = std::min<std::chrono::milliseconds>(pause * 2, longest_pause);
            Result<std::int64_t> number = reconnect_once();
            const bool again = !number && (number.error().kind() == ErrorKind::unavailable ||
                                           number.error().kind() == ErrorKind::in_doubt);
            if (!again) {
                return number;
            }
            if (stop_) {
                return fail(ErrorKind::cancelled,
                            "stopped while PostgreSQL was away; go on with --resume");
            }
        }
        return fail(ErrorKind::unavailable,
                    "cannot reconnect to PostgreSQL; start it and go on with --resume, attempts={}",
                    reconnects_max);
    }

    Result<std::int64_t> reconnect_once() {
        TRY_LET(Database database, Database::connect(options_.url));
        TRY(lock(database));
        TRY_LET(const Progress progress, read_progress(database));
        database_ = std::move(database);
        return progress.number;
    }

    const RunOptions& options_;
    const std::atomic<bool>& stop_;
    Database database_;
    Life life_;
    std::optional<TruthFolder> truth_;
};

}  // namespace

Result<RunSummary> run(const RunOptions& options, const std::atomic<bool>& stop) {
    std::optional<TruthFolder> truth;
    if (!options.truth.empty()) {
        TRY_LET(truth, TruthFolder::open(options.truth));
    }
    TRY_LET(Database database, Database::connect(options.url));
    TRY(lock(database));
    TRY_LET(const Progress progress, read_progress(database));
    TRY(check_fits(options, progress));
    Life life(progress.settings, truth ? Life::Keeps::truth : Life::Keeps::model_only);
    Runner runner(options, stop, std::move(database), std::move(life), std::move(truth));
    TRY(runner.catch_up(progress.number));
    return runner.live();
}

}  // namespace weir::simulate
