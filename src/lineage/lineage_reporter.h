#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lineage/run_event.h"
#include "lineage/run_id.h"

namespace weir::lineage {

struct LineageOptions {
    std::filesystem::path file;  // lineage/events.ndjson: one event a line, appended.
    std::string job_namespace;   // The pipeline.
    std::string release;
    std::optional<ParentRun> parent = std::nullopt;
    /// A stage is reported at most once in this time; zero (one-shot commands): every batch.
    std::chrono::seconds interval = std::chrono::minutes(1);
    std::function<std::string(Timestamp)> run_ids = [](Timestamp time) {
        return make_run_id(time);
    };
};

/// What a stage did with one batch of waiting cuts.
struct StageBatch {
    std::string stage;  // "refine", "load", ...: the job is "<stage>".
    Timestamp started;
    Timestamp ended;
    std::vector<Dataset> inputs = {};
    std::vector<Dataset> outputs = {};
};

/// Tells OpenLineage what the stages do. Batches of a stage within the interval become one run; a
/// run's START and its end are appended together, in one write. One thread at a time; the clock
/// outlives it. Pending batches are lost unless `flush` is called: lineage may lag, the ledger has
/// the truth.
class LineageReporter {
public:
    LineageReporter(LineageOptions options, const Clock& clock)
        : options_(std::move(options)), clock_(clock) {}

    /// Takes a batch; writes the stage's run if it is due.
    Status completed(StageBatch batch);
    /// Writes what the stage had done before, and the failed run, at once.
    Status failed(const StageBatch& batch, const Error& error);
    /// Writes every run that is due; call it now and then while stages are idle.
    Status tick();
    /// Writes everything that is pending.
    Status flush();

private:
    struct Job {
        std::optional<StageBatch> pending;
        std::optional<std::chrono::steady_clock::time_point> reported;
    };

    bool due(const Job& job) const;
    Status write_pending(Job& job);
    Status write_run(const StageBatch& batch, const std::optional<std::string>& error);

    LineageOptions options_;
    const Clock& clock_;
    std::map<std::string, Job> jobs_;  // By stage.
};

}  // namespace weir::lineage
