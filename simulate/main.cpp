#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "simulate/load.h"
#include "simulate/run.h"

namespace weir::simulate {
namespace {

std::atomic<bool> stop_requested = false;

void request_stop(int /*signal*/) {
    stop_requested = true;
}

struct Command {
    RunOptions run;
    bool loads = false;
    bool runs = false;
    bool as_json = false;
};

struct Outcome {
    RunSummary summary;
    std::int64_t rows_loaded = 0;
};

Settings settings_of(const RunOptions& options) {
    const Settings usual;
    return {options.seed.value_or(usual.seed), options.scale.value_or(usual.scale),
            options.bulk_at.value_or(usual.bulk_at), options.alter_at.value_or(usual.alter_at)};
}

Result<Outcome> perform(const Command& command) {
    Outcome outcome;
    if (command.loads) {
        TRY_LET(outcome.rows_loaded, load(command.run.url, settings_of(command.run)));
    }
    if (command.runs) {
        TRY_LET(outcome.summary, run(command.run, stop_requested));
    }
    return outcome;
}

void print(const Outcome& outcome, double seconds, bool as_json) {
    const std::int64_t rows = outcome.rows_loaded + outcome.summary.rows;
    if (as_json) {
        fmt::print(
            "{{\"transactions\": {}, \"rows\": {}, \"rows_loaded\": {}, \"seconds\": {:.3f}}}\n",
            outcome.summary.transactions, rows, outcome.rows_loaded, seconds);
    } else {
        fmt::print("{} rows loaded; {} transactions changed {} rows; {:.1f} s\n",
                   outcome.rows_loaded, outcome.summary.transactions, outcome.summary.rows,
                   seconds);
    }
}

void declare(CLI::App& app, Command& command) {
    app.add_option("--url", command.run.url, "database: postgresql://user@host:port/name")
        ->required();
    app.add_flag("--load", command.loads, "make schema claims and load it");
    auto* last = app.add_option("--run", command.run.last, "then live up to transaction N");
    last->expected(0, 1)->check(CLI::Number)->option_text("[N]");
    app.add_option("--seed", command.run.seed, "what the data are drawn from; 42 by default")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62U));
    app.add_option("--scale", command.run.scale, "claim lines to load; 100000 by default")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    app.add_option("--rate", command.run.rate, "transactions a second; 0: as many as possible")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--bulk-at", command.run.bulk_at,
                   "number of the transaction of up to 100,000 rows; 5000 by default, 0: none")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--alter-at", command.run.alter_at,
                   "number of the transaction that adds a column; 10000 by default, 0: none")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--truth", command.run.truth, "folder for the fingerprints of the right answer");
    app.add_flag("--resume", command.run.resume,
                 "go on after the last transaction of the database");
    app.add_flag("--json", command.as_json, "end with one JSON object");
}

int exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
        case ErrorKind::not_found:
        case ErrorKind::already_exists: return 2;
        case ErrorKind::unavailable: return 3;
        default: return 1;
    }
}

int main_of(int count, char** arguments) {
    CLI::App app(
        "Plays a healthcare payer whose database changes all the time, the same way each time.",
        "weir-simulate");
    Command command;
    declare(app, command);
    try {
        app.parse(count, arguments);
        command.runs = app.count("--run") > 0;
        if (!command.loads && !command.runs) {
            throw CLI::ValidationError("nothing to do; give --load, --run, or both");
        }
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    std::signal(SIGTERM, request_stop);
    std::signal(SIGINT, request_stop);
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = perform(command);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (!outcome) {
        fmt::print(stderr, "weir-simulate: {}\n", outcome.error().to_string());
        return exit_code(outcome.error().kind());
    }
    print(*outcome, taken.count(), command.as_json);
    return 0;
}

}  // namespace
}  // namespace weir::simulate

int main(int count, char** arguments) {
    try {
        return weir::simulate::main_of(count, arguments);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "weir-simulate: internal: %s\n", error.what());
        return 1;
    }
}
