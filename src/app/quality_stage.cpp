#include "app/quality_stage.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "app/model_stage.h"
#include "quality/evaluation.h"
#include "quality/suite_result.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> suite_files(const Configuration& configuration) {
    const fs::path shipped =
        share_folder() / "models" / configuration.models_project / "quality" / "claims_suite.json";
    if (!configuration.suites.empty() || configuration.models_project.empty() ||
        !fs::exists(shipped)) {
        return configuration.suites;
    }
    return {shipped};
}

Result<quality::Suite> read_suite(const fs::path& file) {
    std::ifstream stream(file);
    if (!stream) {
        return fail(ErrorKind::not_found, "cannot read a suite of weir.yaml, file={}",
                    file.string());
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return quality::parse_suite(text).with("suite " + file.string());
}

}  // namespace

Result<std::unique_ptr<QualityStage>> QualityStage::open(Pipeline& pipeline) {
    std::vector<quality::Suite> suites;
    for (const fs::path& file : suite_files(pipeline.configuration())) {
        TRY_LET(suites.emplace_back(), read_suite(file));
    }
    TRY_LET(StageHold hold, StageHold::take(pipeline, ledger::Stage::quality));
    return std::unique_ptr<QualityStage>(
        new QualityStage(pipeline, std::move(hold), std::move(suites)));
}

Result<QualityStage::Verdict> QualityStage::run(LoadStage& load, ledger::CutNumber cut) {
    Verdict verdict;
    for (const quality::Suite& suite : suites_) {
        TRY_LET(const quality::SuiteResult result, quality::evaluate_suite(load.session(), suite));
        TRY(pipeline_.ledger().append(hold_.lease,
                                      std::vector<ledger::EntryBody>{result.entry(cut)}));
        verdict.expectations += result.outcomes.size();
        verdict.failed += result.failed();
        if (Status held = result.check(); !held && !verdict.failure) {
            verdict.failure = std::move(held).error();
        }
    }
    return verdict;
}

}  // namespace weir::app
