#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/capture_stage.h"
#include "app/commands.h"
#include "app/load_stage.h"
#include "app/model_stage.h"
#include "app/pipeline.h"
#include "app/refine_stage.h"
#include "app/run_loop.h"
#include "app/start_check.h"

namespace weir::app {
namespace {

/// `clock` outlives the pipeline.
Result<std::unique_ptr<Pipeline>> open_pipeline(const CommandContext& context, const Clock& clock) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    return Pipeline::open(configuration, clock);
}

void show_chunk(Report& report, const landing::ChunkReport& chunk) {
    report.progress(fmt::format("snapshot: {} of {} chunks, {}", chunk.chunks_landed, chunk.chunks,
                                chunk.table.to_string()));
}

void show_cut(Report& report, const landing::CutReport& cut) {
    report.progress(fmt::format("landed cut {}: {} transactions, {} changes, position {}",
                                cut.cut.value, cut.transactions, cut.rows,
                                cut.position.to_string()));
}

/// The boundaries that another ledger recorded for the cuts of its stream.
Result<std::vector<change::Position>> recorded_ends(const std::filesystem::path& store,
                                                    const Configuration& configuration,
                                                    const Clock& clock) {
    Configuration other = configuration;
    other.store = store;
    TRY_LET(const auto pipeline, Pipeline::open(other, clock));
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline->ledger()));
    std::vector<change::Position> ends;
    for (const auto& [cut, landed] : state.landed) {
        if (!landed.entry.snapshot_attempt) {
            ends.push_back(landed.entry.position);
        }
    }
    return ends;
}

nlohmann::json state_of(Pipeline& pipeline) {
    ledger::PipelineState state;
    if (!ledger::catch_up(state, pipeline.ledger())) {
        return {};
    }
    return {{"landed", state.last_landed().value},
            {"refined", state.last_refined().value},
            {"loaded", state.loaded.value},
            {"published", state.published.value},
            {"position", state.position.to_string()}};
}

/// A build that fails holds publication where it is; only a one-shot run ends with it.
Status build_models(CommandContext& context, ModelStage& models, LoadStage& load,
                    ledger::CutNumber cut, bool one_shot) {
    const auto outcome = models.build(load, cut, context.stop.get_token());
    context.quality_failed = !outcome && outcome.error().kind() == ErrorKind::invalid;
    if (!outcome && (one_shot || outcome.error().kind() != ErrorKind::invalid)) {
        return std::unexpected(outcome.error());
    }
    if (!outcome) {
        context.report.error(outcome.error());
    }
    return {};
}

void end_stage(CommandContext& context, Pipeline& pipeline, std::string_view stage) {
    const nlohmann::json state = state_of(pipeline);
    context.report.line(fmt::format("{}: landed {}, refined {}, loaded {}, position {}", stage,
                                    state.value("landed", 0), state.value("refined", 0),
                                    state.value("loaded", 0), state.value("position", "")));
    context.report.result(state);
}

}  // namespace

Status capture_command(CommandContext& context, const CaptureOptions& options) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    Pipeline& pipeline = *opened;
    TRY(compare_at_start(pipeline));
    CaptureWork work{.until_current = !options.continuous,
                     .recorded_ends = {},
                     .on_chunk = [&](const auto& chunk) { show_chunk(context.report, chunk); },
                     .on_cut = [&](const auto& cut) { show_cut(context.report, cut); }};
    if (options.boundaries_of) {
        TRY_LET(work.recorded_ends,
                recorded_ends(*options.boundaries_of, pipeline.configuration(), clock));
    }
    const auto on_wait = [&](const Error& error) { context.report.error(error); };
    TRY(capture(pipeline, work, context.stop.get_token(),
                options.continuous ? on_wait : std::function<void(const Error&)>()));
    end_stage(context, pipeline, "capture");
    return {};
}

Status refine_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(RefineStage stage, RefineStage::open(*opened));
    TRY(stage.run(context.stop.get_token()));
    end_stage(context, *opened, "refine");
    return {};
}

Status load_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(const auto stage, LoadStage::open(*opened));
    TRY(stage->run(context.stop.get_token()));
    end_stage(context, *opened, "load");
    return {};
}

Status model_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(const auto load, LoadStage::open(*opened));
    TRY_LET(const auto models, ModelStage::open(*opened));
    TRY_LET(const ledger::CutNumber cut, load->warehouse().current_cut());
    const auto outcome = models->build(*load, cut, context.stop.get_token());
    context.quality_failed = !outcome && outcome.error().kind() == ErrorKind::invalid;
    TRY(outcome);
    context.report.line(fmt::format("model: {} models, {} tests passed, published cut {}",
                                    outcome->models, outcome->tests_passed, outcome->cut.value));
    context.report.result({{"models", outcome->models},
                           {"tests_passed", outcome->tests_passed},
                           {"published", outcome->cut.value}});
    return {};
}

Status quality_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(const auto load, LoadStage::open(*opened));
    TRY_LET(const auto quality, QualityStage::open(*opened));
    TRY_LET(const ledger::CutNumber cut, load->warehouse().current_cut());
    TRY_LET(const QualityStage::Verdict verdict, quality->run(*load, cut));
    context.report.line(fmt::format("quality: {} of {} expectations hold at cut {}",
                                    verdict.expectations - verdict.failed, verdict.expectations,
                                    cut.value));
    context.report.result({{"expectations", verdict.expectations}, {"failed", verdict.failed}});
    if (verdict.failure) {
        context.quality_failed = true;
        return std::unexpected(*verdict.failure);
    }
    return {};
}

Status run(CommandContext& context, const RunOptions& options) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    Pipeline& pipeline = *opened;
    TRY(compare_at_start(pipeline));
    RunWork work{.until_current = options.until_current, .build_models = {}, .observer = {}};
    work.observer.on_chunk = [&](const auto& chunk) { show_chunk(context.report, chunk); };
    work.observer.on_landed = [&](const auto& cut) { show_cut(context.report, cut); };
    work.observer.on_wait = [&](std::string_view stage, const Error& error) {
        context.report.progress(fmt::format("{} waits: {}", stage, error.to_string()));
    };
    std::unique_ptr<ModelStage> models;
    if (!pipeline.configuration().models_project.empty()) {
        TRY_LET(models, ModelStage::open(pipeline));
        work.build_models = [&](LoadStage& load, ledger::CutNumber cut) {
            return build_models(context, *models, load, cut, options.until_current);
        };
    }
    TRY(RunLoop(pipeline, std::move(work)).run(context.stop));
    end_stage(context, pipeline, "run");
    return {};
}

Status status(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    end_stage(context, *opened, "status");
    return {};
}

Status query(CommandContext& context, const std::string& statement) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    const PipelineFolders folders(configuration.store);
    TRY_LET(const auto database,
            sql::DuckDbDatabase::open(folders.warehouse_file(), {.read_only = true}));
    TRY_LET(const auto session, database.connect());
    TRY_LET(const sql::Rows rows, session->query(statement));
    nlohmann::json list = nlohmann::json::array();
    context.report.line(fmt::format("{}", fmt::join(rows.columns, "\t")));
    for (const auto& row : rows.rows) {
        std::string text;
        nlohmann::json object;
        for (std::size_t column = 0; column < row.size(); ++column) {
            text += (column == 0 ? "" : "\t") + row[column].value_or("NULL");
            object[rows.columns[column]] =
                row[column] ? nlohmann::json(*row[column]) : nlohmann::json();
        }
        context.report.line(text);
        list.push_back(std::move(object));
    }
    context.report.result({{"rows", list}});
    return {};
}

}  // namespace weir::app
