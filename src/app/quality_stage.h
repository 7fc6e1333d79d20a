#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "app/load_stage.h"
#include "app/pipeline.h"
#include "quality/suite.h"

namespace weir::app {

/// Evaluates the pipeline's suites: those of weir.yaml, or the one that the shipped project has.
/// Holds the stage while it lives; one thread, that of the `LoadStage` it is given.
class QualityStage {
public:
    /// Fails with `not_found`, `invalid` or `unsupported` if a suite cannot be read.
    static Result<std::unique_ptr<QualityStage>> open(Pipeline& pipeline);

    bool is_empty() const { return suites_.empty(); }

    /// Evaluates every suite on the warehouse as it stands at `cut`, and appends the outcomes.
    /// Returns the first expectation that does not hold as an `invalid` error in `failure`.
    struct Verdict {
        std::uint64_t expectations = 0;
        std::uint64_t failed = 0;
        std::optional<Error> failure = std::nullopt;
    };
    Result<Verdict> run(LoadStage& load, ledger::CutNumber cut);

private:
    QualityStage(Pipeline& pipeline, StageHold hold, std::vector<quality::Suite> suites)
        : pipeline_(pipeline), hold_(std::move(hold)), suites_(std::move(suites)) {}

    Pipeline& pipeline_;
    StageHold hold_;
    std::vector<quality::Suite> suites_;
};

}  // namespace weir::app
