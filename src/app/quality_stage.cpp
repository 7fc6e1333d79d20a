#include "app/quality_stage.h"

#include <fstream>
#include <iterator>
#include <map>
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

/// Adds what came of a suite to the datasets that it looked at: kinds and outcomes, no values.
void add_assertions(const quality::SuiteResult& result, const std::string& warehouse,
                    std::map<catalog::TableName, lineage::Dataset>& datasets) {
    for (const quality::Outcome& outcome : result.outcomes) {
        const quality::Expectation& expectation = outcome.expectation;
        lineage::Dataset& dataset =
            datasets
                .try_emplace(expectation.table,
                             lineage::duckdb_dataset(warehouse, expectation.table))
                .first->second;
        dataset.assertions.push_back({.assertion = expectation.type,
                                      .success = outcome.success,
                                      .column = expectation.kwargs.value("column", std::string()),
                                      .severity = expectation.severity});
    }
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
    lineage::StageBatch batch{.stage = "quality",
                              .started = pipeline_.clock().now(),
                              .ended = {},
                              .inputs = {},
                              .outputs = {}};
    std::map<catalog::TableName, lineage::Dataset> datasets;
    for (const quality::Suite& suite : suites_) {
        TRY_LET(const quality::SuiteResult result, quality::evaluate_suite(load.session(), suite));
        TRY(pipeline_.ledger().append(hold_.lease,
                                      std::vector<ledger::EntryBody>{result.entry(cut)}));
        add_assertions(result, pipeline_.folders().warehouse_file().string(), datasets);
        verdict.expectations += result.outcomes.size();
        verdict.failed += result.failed();
        if (Status held = result.check(); !held && !verdict.failure) {
            verdict.failure = std::move(held).error();
        }
    }
    for (auto& [table, dataset] : datasets) {
        batch.inputs.push_back(std::move(dataset));
    }
    batch.ended = pipeline_.clock().now();
    TRY(pipeline_.lineage().completed(std::move(batch)));
    return verdict;
}

}  // namespace weir::app
