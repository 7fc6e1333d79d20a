#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/capture_stage.h"
#include "app/commands.h"
#include "app/load_stage.h"
#include "app/model_stage.h"
#include "app/pipeline.h"
#include "app/refine_stage.h"
#include "app/run_lease.h"
#include "app/run_loop.h"
#include "app/start_check.h"
#include "app/status.h"
#include "capture/postgres/replication_slot.h"
#include "landing/orphans.h"

namespace weir::app {
namespace {

/// `clock` outlives the pipeline.
Result<std::unique_ptr<Pipeline>> open_pipeline(const CommandContext& context, const Clock& clock) {
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    return Pipeline::open(configuration, clock);
}

void show_chunk(Report& report, const landing::ChunkReport& chunk) {
    report.progress(
        fmt::format("snapshot: {} of {} chunks, {} rows, {:.0f} rows/s, about {:.0f} s left, {}",
                    chunk.chunks_landed, chunk.chunks, chunk.rows_landed, chunk.rows_per_second(),
                    chunk.left().count(), chunk.table.to_string()));
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
    other.keep_in(store);
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

Status end_stage(CommandContext& context, Pipeline& pipeline, std::string_view stage) {
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline.ledger()));
    context.report.line(fmt::format("{}: landed {}, refined {}, loaded {}, position {}", stage,
                                    state.last_landed().value, state.last_refined().value,
                                    state.loaded.value, state.position.to_string()));
    context.report.result(progress_of(state));
    return {};
}

/// Runs a stage as one OpenLineage run.
template <typename Work>
Status in_lineage(Pipeline& pipeline, ledger::Stage stage, const Work& work) {
    const Timestamp started = pipeline.clock().now();
    Status done = work();
    if (done) {
        pipeline.errors().clear(to_string(stage));
    } else {
        pipeline.errors().note(to_string(stage), done.error());
    }
    const Status told = done ? pipeline.lineage().committed(stage, started)
                             : pipeline.lineage().failed(stage, started, done.error());
    TRY(done);
    TRY(told);
    return pipeline.lineage().flush();
}

/// Whoever led before may hold the slot from a machine that was cut off. If that does not help,
/// capture waits for the server to notice.
void end_reader_of_slot(const Configuration& configuration) {
    if (auto source = capture::postgres::Connection::open(configuration.source_url)) {
        static_cast<void>(capture::postgres::end_reader(*source, configuration.slot));
    }
}

/// Takes the lease, and keeps other processes of this machine from it while the lock lives.
Result<store::FileLock> lead(CommandContext& context, const Configuration& configuration,
                             RunLease& lease, bool standby) {
    if (!standby) {
        TRY_LET(store::FileLock lock, Pipeline::lock(configuration.state, "run"));
        TRY(lease.take_from_anybody());
        return lock;
    }
    std::optional<store::FileLock> lock;
    const auto take = [&]() -> Status {
        TRY_LET(lock, Pipeline::lock(configuration.state, "run"));
        Status taken = lease.take();
        if (!taken) {
            lock.reset();
        }
        return taken;
    };
    const auto on_wait = [&](const std::string& says) { context.report.progress(says); };
    TRY(stand_by(lease, take, on_wait, context.stop.get_token()));
    context.report.progress("leading from now on");
    end_reader_of_slot(configuration);
    return *std::move(lock);
}

/// That files go is worth a word; that they stay is not.
void remove_orphans(CommandContext& context, Pipeline& pipeline) {
    const auto removed =
        landing::remove_orphans(pipeline.store(), pipeline.ledger(), run_lease_key);
    if (removed && *removed > 0) {
        context.report.progress(
            fmt::format("removed {} landed files that no entry of the ledger names", *removed));
    }
}

RunWork run_work(CommandContext& context, bool until_current) {
    RunWork work{.until_current = until_current, .build_models = {}, .observer = {}};
    work.observer.on_chunk = [&](const auto& chunk) { show_chunk(context.report, chunk); };
    work.observer.on_landed = [&](const auto& cut) { show_cut(context.report, cut); };
    work.observer.on_wait = [&](std::string_view stage, const Error& error) {
        context.report.progress(fmt::format("{} waits: {}", stage, error.to_string()));
    };
    work.observer.on_notice = [&](const auto& text) { context.report.progress(text); };
    return work;
}

Status run_as_leader(CommandContext& context, const Configuration& configuration,
                     const Clock& clock, const RunOptions& options) {
    TRY_LET(const auto opened, Pipeline::open(configuration, clock));
    Pipeline& pipeline = *opened;
    TRY(compare_at_start(pipeline));
    RunWork work = run_work(context, options.until_current);
    std::unique_ptr<ModelStage> models;
    if (!pipeline.configuration().models_project.empty()) {
        TRY_LET(models, ModelStage::open(pipeline));
        work.build_models = [&](LoadStage& load, ledger::CutNumber cut) {
            return build_models(context, *models, load, cut, options.until_current);
        };
    }
    {
        const std::jthread sweeper([&] { remove_orphans(context, pipeline); });
        TRY(RunLoop(pipeline, std::move(work)).run(context.stop));
    }
    return end_stage(context, pipeline, "run");
}

}  // namespace

Status capture_command(CommandContext& context, const CaptureOptions& options) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    Pipeline& pipeline = *opened;
    TRY(compare_at_start(pipeline));
    CaptureWork work{
        .until_current = !options.continuous,
        .recorded_ends = {},
        .on_chunk = [&](const auto& chunk) { show_chunk(context.report, chunk); },
        .on_cut = [&](const auto& cut) { show_cut(context.report, cut); },
        .on_hold_up =
            [&](const auto& error) {
                pipeline.errors().note("capture", error);
                context.report.error(error);
            },
        .on_unreadable = [&](const auto& table) { context.report.error(set_aside(table)); },
        .on_wait = {},
        .on_notice = [&](const auto& text) { context.report.progress(text); }};
    if (options.continuous) {
        work.on_wait = [&](const Error& error) { context.report.error(error); };
    }
    if (options.boundaries_of) {
        TRY_LET(work.recorded_ends,
                recorded_ends(*options.boundaries_of, pipeline.configuration(), clock));
    }
    return in_lineage(pipeline, ledger::Stage::capture, [&]() -> Status {
        TRY(capture(pipeline, work, context.stop.get_token()));
        return end_stage(context, pipeline, "capture");
    });
}

Status refine_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(RefineStage stage, RefineStage::open(*opened));
    return in_lineage(*opened, ledger::Stage::refine, [&]() -> Status {
        TRY(stage.run(context.stop.get_token()));
        return end_stage(context, *opened, "refine");
    });
}

Status load_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(const auto stage, LoadStage::open(*opened));
    return in_lineage(*opened, ledger::Stage::load, [&]() -> Status {
        TRY(stage->run(context.stop.get_token()));
        return end_stage(context, *opened, "load");
    });
}

Status model_command(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const auto opened, open_pipeline(context, clock));
    TRY_LET(const auto load, LoadStage::open(*opened));
    TRY_LET(const auto models, ModelStage::open(*opened));
    TRY_LET(const ledger::CutNumber cut, load->warehouse().current_cut());
    const auto outcome = models->build(*load, cut, context.stop.get_token());
    TRY(opened->lineage().flush());
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
    if (quality->is_empty()) {
        return fail(ErrorKind::not_found,
                    "weir.yaml names no suite; add one under `quality.suites`, file={}",
                    opened->configuration().file.string());
    }
    TRY_LET(const ledger::CutNumber cut, load->warehouse().current_cut());
    TRY_LET(const QualityStage::Verdict verdict, quality->run(*load, cut));
    TRY(opened->lineage().flush());
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
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY_LET(const auto store, Pipeline::open_existing_store(configuration, clock));
    TRY_LET(RunLease lease, RunLease::of_this_process(*store, clock));
    TRY_LET(const store::FileLock lock, lead(context, configuration, lease, options.standby));
    const auto on_wait = [&](const Error& error) {
        context.report.progress("the lease waits: " + error.to_string());
    };
    return while_leading(lease, context.stop, on_wait,
                         [&] { return run_as_leader(context, configuration, clock, options); });
}

}  // namespace weir::app
