#include "app/model_stage.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "models/dbt_location.h"
#include "warehouse/history_table.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;

/// The folder above the one that this program is in.
fs::path prefix() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path().parent_path();
}

fs::path project_folder(const std::string& project) {
    return project.find('/') == std::string::npos ? share_folder() / "models" / project
                                                  : fs::path(project);
}

/// The histories that models read, as OpenLineage names them.
Result<std::vector<lineage::Dataset>> history_datasets(Pipeline& pipeline) {
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline.ledger()));
    std::vector<lineage::Dataset> datasets;
    for (const auto& [table, entry] : state.current_contracts()) {
        TRY_LET(const catalog::TableContract contract, pipeline.ledger().read_contract(entry));
        datasets.push_back(lineage::with_fields(
            lineage::duckdb_dataset(pipeline.folders().warehouse_file().string(),
                                    warehouse::history_name(table)),
            contract));
    }
    return datasets;
}

/// The tables that the models made.
Result<std::vector<lineage::Dataset>> gold_datasets(sql::SqlSession& session,
                                                    const std::string& warehouse) {
    TRY_LET(const sql::Rows columns,
            session.query("SELECT table_name, column_name, data_type FROM "
                          "information_schema.columns WHERE table_catalog = current_database() AND "
                          "table_schema = 'gold' ORDER BY table_name, ordinal_position"));
    std::vector<lineage::Dataset> datasets;
    for (const auto& row : columns.rows) {
        lineage::Dataset table = lineage::duckdb_dataset(warehouse, {"gold", row[0].value_or("")});
        if (datasets.empty() || datasets.back().name != table.name) {
            datasets.push_back(std::move(table));
        }
        datasets.back().fields.push_back(
            {.name = row[1].value_or(""), .type = row[2].value_or(""), .tags = {}});
    }
    return datasets;
}

}  // namespace

fs::path share_folder() {
    if (const char* named = std::getenv("WEIR_SHARE"); named != nullptr) {
        return named;
    }
    const fs::path installed = prefix() / "share" / "weir";
    // In a build tree, build/<preset>/weir, the checkout itself is the share folder.
    return fs::exists(installed) ? installed : prefix().parent_path();
}

Result<fs::path> dbt_program(const std::string& configured) {
    const char* path = std::getenv("PATH");
    return models::find_dbt(configured.empty() ? "dbt" : configured, prefix(),
                            path == nullptr ? "" : path);
}

Result<std::unique_ptr<ModelStage>> ModelStage::open(Pipeline& pipeline) {
    const Configuration& configuration = pipeline.configuration();
    if (configuration.models_project.empty()) {
        return fail(
            ErrorKind::not_found,
            "weir.yaml names no models; add `models: {{project: claims}}`, or a dbt project "
            "of your own, file={}",
            configuration.file.string());
    }
    TRY_LET(const fs::path dbt, dbt_program(configuration.dbt));
    models::DbtOptions options{.dbt = dbt,
                               .project = project_folder(configuration.models_project),
                               .folder = pipeline.folders().models,
                               .warehouse = pipeline.folders().warehouse_file()};
    TRY_LET(models::DbtRunner runner, models::DbtRunner::open(std::move(options)));
    TRY_LET(auto quality, QualityStage::open(pipeline));
    TRY_LET(StageHold hold, StageHold::take(pipeline, ledger::Stage::model));
    return std::unique_ptr<ModelStage>(
        new ModelStage(pipeline, std::move(hold), std::move(runner), std::move(quality)));
}

Result<ModelOutcome> ModelStage::build(LoadStage& load, ledger::CutNumber cut,
                                       const std::stop_token& stop) {
    const Timestamp started = pipeline_.clock().now();
    auto outcome = build_cut(load, cut, started, stop);
    if (!outcome && outcome.error().kind() != ErrorKind::cancelled) {
        TRY(pipeline_.lineage().failed(ledger::Stage::model, started, outcome.error()));
    }
    return outcome;
}

Result<ModelOutcome> ModelStage::build_cut(LoadStage& load, ledger::CutNumber cut,
                                           Timestamp started, const std::stop_token& stop) {
    load.release_warehouse();
    auto built = runner_.build(cut, stop);
    TRY(load.open_warehouse());
    TRY(built);
    TRY(pipeline_.ledger().append(hold_.lease, std::vector<ledger::EntryBody>{built->entry()}));
    TRY_LET(const QualityStage::Verdict verdict, quality_->run(load, cut));
    TRY(built->check());
    if (verdict.failure) {
        return std::unexpected(*verdict.failure);
    }
    TRY(tell(load, started));
    TRY_LET(const models::Publication publication,
            models::publish(load.session(), {.folder = pipeline_.folders().published, .cut = cut}));
    TRY(pipeline_.ledger().append(hold_.lease,
                                  std::vector<ledger::EntryBody>{publication.entry()}));
    return ModelOutcome{.cut = cut,
                        .models = built->results.models_built(),
                        .tests_passed = built->results.tests_passed(),
                        .expectations = verdict.expectations};
}

Status ModelStage::tell(LoadStage& load, Timestamp started) {
    TRY_LET(auto inputs, history_datasets(pipeline_));
    TRY_LET(auto outputs,
            gold_datasets(load.session(), pipeline_.folders().warehouse_file().string()));
    return pipeline_.lineage().completed({.stage = "model",
                                          .started = started,
                                          .ended = pipeline_.clock().now(),
                                          .inputs = std::move(inputs),
                                          .outputs = std::move(outputs)});
}

}  // namespace weir::app
