#include "app/model_stage.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "models/dbt_location.h"

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

}  // namespace

fs::path share_folder() {
    if (const char* named = std::getenv("WEIR_SHARE"); named != nullptr) {
        return named;
    }
    const fs::path installed = prefix() / "share" / "weir";
    // In a build tree, build/<preset>/weir, the checkout itself is the share folder.
    return fs::exists(installed) ? installed : prefix().parent_path();
}

Result<std::unique_ptr<ModelStage>> ModelStage::open(Pipeline& pipeline) {
    const Configuration& configuration = pipeline.configuration();
    const char* path = std::getenv("PATH");
    TRY_LET(const fs::path dbt,
            models::find_dbt(configuration.dbt.empty() ? "dbt" : configuration.dbt, prefix(),
                             path == nullptr ? "" : path));
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
    TRY_LET(const models::Publication publication,
            models::publish(load.session(), {.folder = pipeline_.folders().published, .cut = cut}));
    TRY(pipeline_.ledger().append(hold_.lease,
                                  std::vector<ledger::EntryBody>{publication.entry()}));
    return ModelOutcome{.cut = cut,
                        .models = built->results.models_built(),
                        .tests_passed = built->results.tests_passed(),
                        .expectations = verdict.expectations};
}

}  // namespace weir::app
