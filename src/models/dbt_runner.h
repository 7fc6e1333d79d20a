#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "ledger/entry.h"
#include "models/run_results.h"

namespace weir::models {

struct DbtOptions {
    std::filesystem::path dbt;        // See `find_dbt`.
    std::filesystem::path project;    // Holds dbt_project.yml; nothing is written there.
    std::filesystem::path folder;     // weir's own: profiles.yml, target/, logs/, dbt.log; kept.
    std::filesystem::path warehouse;  // The DuckDB file, let go by everybody.
    unsigned threads = 2;             // dbt's: models and tests side by side.
    std::optional<std::string> memory_limit = std::nullopt;  // DuckDB's: "2GB".
    std::chrono::seconds timeout = std::chrono::minutes(30);
    /// Passed as `--vars`. A change makes dbt parse the whole project again, so the cut goes by the
    /// environment as WEIR_CUT; a project that reads only `var('cut')` names it here.
    std::map<std::string, std::string> variables = {};
};

/// What a run of dbt came to.
struct DbtBuild {
    ledger::CutNumber cut{};
    std::string project;
    RunResults results;
    std::filesystem::path log;

    bool succeeded() const { return results.errors() == 0 && results.tests_failed() == 0; }
    /// Fails with `invalid` unless the run succeeded; names the first node that failed, and the
    /// log.
    Status check() const;
    ledger::ModelsBuilt entry() const;
};

/// Runs a dbt project on the warehouse file. One run at a time: the folder is the run's own.
class DbtRunner {
public:
    /// Reads the project's name and writes profiles.yml. Fails with `not_found` or `invalid`.
    static Result<DbtRunner> open(DbtOptions options);

    /// Runs `dbt build` for the picture at a cut. REQUIRES: nobody holds the warehouse file. Models
    /// and tests that failed are a result, not an error (see `DbtBuild::check`). Fails with
    /// `conflict` if the file is held after all, `invalid` if dbt ended before it ran anything (see
    /// the log), and as `run_child` does. The log may hold row values: it has mode 0600.
    Result<DbtBuild> build(ledger::CutNumber cut, const std::stop_token& stop = {});

    const std::string& project() const { return project_; }
    std::filesystem::path manifest() const { return options_.folder / "target" / "manifest.json"; }

private:
    DbtRunner(DbtOptions options, std::string project)
        : options_(std::move(options)), project_(std::move(project)) {}

    Result<RunResults> read_results(const std::filesystem::path& log) const;

    DbtOptions options_;
    std::string project_;
};

}  // namespace weir::models
