#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "app/load_stage.h"
#include "app/pipeline.h"
#include "app/quality_stage.h"
#include "models/dbt_runner.h"
#include "models/publication.h"

namespace weir::app {

/// What a build of the models came to.
struct ModelOutcome {
    ledger::CutNumber cut{};
    std::uint64_t models = 0;
    std::uint64_t tests_passed = 0;
    std::uint64_t expectations = 0;
};

/// Builds the models of one cut with dbt and publishes them. Holds the stage while it lives; one
/// thread, that of the `LoadStage` it is given.
class ModelStage {
public:
    /// Fails with `not_found` if there is no dbt or no such project, with the remedy.
    static Result<std::unique_ptr<ModelStage>> open(Pipeline& pipeline);

    /// Lets go of the warehouse, runs dbt on it, takes it back and publishes the gold tables. Both
    /// outcomes are in the ledger before it returns. Models or tests that failed hold publication
    /// at the last good cut and fail with `invalid`; loading may go on.
    Result<ModelOutcome> build(LoadStage& load, ledger::CutNumber cut, const std::stop_token& stop);

private:
    ModelStage(Pipeline& pipeline, StageHold hold, models::DbtRunner runner,
               std::unique_ptr<QualityStage> quality)
        : pipeline_(pipeline),
          hold_(std::move(hold)),
          runner_(std::move(runner)),
          quality_(std::move(quality)) {}

    Result<ModelOutcome> build_cut(LoadStage& load, ledger::CutNumber cut, Timestamp started,
                                   const std::stop_token& stop);
    /// Tells OpenLineage of models that stand.
    Status tell(LoadStage& load, Timestamp started);

    Pipeline& pipeline_;
    StageHold hold_;
    models::DbtRunner runner_;
    std::unique_ptr<QualityStage> quality_;
};

/// Returns the folder of what is installed with the program: WEIR_SHARE, or share/weir beside bin.
std::filesystem::path share_folder();

}  // namespace weir::app
