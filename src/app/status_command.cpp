#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/commands.h"
#include "app/partition_watch.h"
#include "app/pipeline.h"
#include "app/run_lease.h"
#include "app/start_check.h"
#include "app/status.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/replication_slot.h"

namespace weir::app {
namespace {

using capture::postgres::SlotState;
using ledger::CutNumber;
using ledger::PipelineState;
using nlohmann::json;

/// Where a stage stands. `lag` is behind the stage before it; capture's is behind the source.
struct StageStatus {
    std::string stage;
    CutNumber cut{};
    std::optional<std::uint64_t> lag_bytes = std::nullopt;
    std::optional<std::int64_t> lag_seconds = std::nullopt;
    std::uint64_t rows = 0;
    std::uint64_t rejected = 0;
};

/// What the source says: the end of its log, and what it keeps for us.
struct SourceStatus {
    change::Position end;
    std::optional<SlotState> slot;  // None without one.
};

Result<SourceStatus> ask_source(const Configuration& configuration) {
    TRY_LET(auto connection, capture::postgres::Connection::open(configuration.source_url));
    SourceStatus source;
    TRY_LET(source.end, capture::postgres::durable_end(connection));
    if (!configuration.snapshot_only) {
        TRY_LET(source.slot, capture::postgres::read_slot(connection, configuration.slot));
    }
    return source;
}

const ledger::CutLanded* landed_entry(const PipelineState& state, CutNumber cut) {
    const auto landed = state.landed.find(cut);
    return landed == state.landed.end() ? nullptr : &landed->second.entry;
}

/// How far the picture of `cut` is behind that of the last landed cut, by the source's clock.
void measure_lag(const PipelineState& state, StageStatus& stage) {
    const auto* last = landed_entry(state, state.last_landed());
    const auto* own = landed_entry(state, stage.cut);
    if (last == nullptr) {
        stage.lag_bytes = stage.lag_seconds = 0;
    } else if (own != nullptr) {
        if (own->position <= last->position) {  // Otherwise the log was lost in between.
            stage.lag_bytes = change::bytes_between(own->position, last->position);
        }
        if (last->commit_time && own->commit_time) {
            stage.lag_seconds = std::chrono::duration_cast<std::chrono::seconds>(
                                    *last->commit_time - *own->commit_time)
                                    .count();
        }
    }
}

StageStatus capture_status(const PipelineState& state, std::optional<change::Position> end) {
    StageStatus stage{.stage = "capture", .cut = state.last_landed()};
    for (const auto& [cut, landed] : state.landed) {
        stage.rows += landed.entry.changes;
    }
    if (end) {
        stage.lag_bytes = *end > state.position ? change::bytes_between(state.position, *end) : 0;
    }
    return stage;
}

std::vector<StageStatus> stages_of(const PipelineState& state,
                                   std::optional<change::Position> end) {
    StageStatus refined{.stage = "refine", .cut = state.last_refined()};
    StageStatus loaded{.stage = "load", .cut = state.loaded};
    for (const auto& [cut, entry] : state.refined) {
        refined.rows += entry.entry.refined;
        refined.rejected += entry.entry.quarantined;
        loaded.rows += cut <= state.loaded ? entry.entry.refined : 0;
    }
    StageStatus built{.stage = "model", .cut = state.models ? state.models->cut : CutNumber{}};
    StageStatus published{.stage = "publish", .cut = state.published};
    for (StageStatus* stage : {&refined, &loaded, &built, &published}) {
        measure_lag(state, *stage);
    }
    return {capture_status(state, end), refined, loaded, built, published};
}

/// Why publication stands behind what was built last; empty if it does not.
std::string held(const PipelineState& state) {
    if (state.models && state.models->cut > state.published && !state.models->succeeded) {
        return fmt::format(
            "at cut {} the models of {} failed: {} tests passed, {} failed; see "
            "models/dbt.log in the store",
            state.models->cut.value, state.models->project, state.models->tests_passed,
            state.models->tests_failed);
    }
    for (const auto& [suite, checks] : state.checks) {
        if (checks.cut > state.published && !checks.succeeded) {
            return fmt::format("at cut {} {} of {} expectations of suite {} did not hold",
                               checks.cut.value, checks.failed, checks.expectations, suite);
        }
    }
    return {};
}

template <typename Value>
json or_null(const std::optional<Value>& value) {
    return value ? json(*value) : json();
}

std::string lag_text(const StageStatus& stage) {
    if (!stage.lag_bytes) {
        return stage.cut == CutNumber{} ? "nothing yet" : "lag unknown";
    }
    return stage.lag_seconds
               ? fmt::format("{} bytes, {} s behind", *stage.lag_bytes, *stage.lag_seconds)
               : fmt::format("{} bytes behind", *stage.lag_bytes);
}

json show_stage(Report& report, Pipeline& pipeline, const StageStatus& stage) {
    const auto holder =
        store::FileLock::holder((pipeline.folders().run / (stage.stage + ".lock")).string());
    const auto error = pipeline.errors().read(stage.stage);
    report.line(fmt::format(
        "{:<8} cut {:<8} {:<28} {:>12} rows{}{}{}", stage.stage, stage.cut.value, lag_text(stage),
        stage.rows, stage.rejected > 0 ? fmt::format(", {} rejected", stage.rejected) : "",
        holder ? fmt::format(", process {}", *holder) : "", error ? "\n         " + *error : ""));
    return {{"stage", stage.stage},
            {"cut", stage.cut.value},
            {"lag_bytes", or_null(stage.lag_bytes)},
            {"lag_seconds", or_null(stage.lag_seconds)},
            {"rows", stage.rows},
            {"rejected", stage.rejected},
            {"process", or_null(holder)},
            {"error", or_null(error)}};
}

/// Tables whose changes are not loaded, and why.
json show_aside(Report& report, const PipelineState& state) {
    json tables = json::array();
    for (const auto& [name, absence] : state.aside()) {
        const ledger::TableSetAside& entry = absence.entry;
        report.line(fmt::format("table {} is set aside since cut {} ({}){}", name.to_string(),
                                absence.since.value, change::to_string(entry.reason),
                                entry.detail.empty() ? "" : ":\n         " + entry.detail));
        tables.push_back({{"table", name.to_string()},
                          {"since_cut", absence.since.value},
                          {"reason", change::to_string(entry.reason)},
                          {"detail", entry.detail.empty() ? json() : json(entry.detail)}});
    }
    return tables;
}

json show_slot(Report& report, const std::string& name, const SlotState& slot) {
    const std::string threat = capture::postgres::threat_to(slot);
    report.line(fmt::format(
        "slot {}: {}, {} bytes of log retained{}{}{}", name, slot.wal_status, slot.retained_bytes,
        slot.safe_bytes ? fmt::format(", {} more and it is lost", *slot.safe_bytes) : "",
        slot.idle_seconds ? fmt::format(", not read for {} s", *slot.idle_seconds) : "",
        threat.empty() ? "" : "\n         " + threat));
    return {{"name", name},
            {"wal_status", slot.wal_status},
            {"invalidation", slot.invalidation.empty() ? json() : json(slot.invalidation)},
            {"retained_bytes", slot.retained_bytes},
            {"safe_bytes", or_null(slot.safe_bytes)},
            {"limit_bytes", or_null(slot.keep_bytes)},
            {"idle_seconds", or_null(slot.idle_seconds)},
            {"idle_limit_seconds", or_null(slot.idle_limit_seconds)},
            {"failover", slot.failover},
            {"threat", threat.empty() ? json() : json(threat)}};
}

void show_source(Report& report, const Configuration& configuration,
                 const Result<SourceStatus>& source, json& result) {
    if (!source) {
        report.line("the source does not answer: " + source.error().to_string());
    }
    result["source_error"] = source ? json() : json(source.error().to_string());
    result["slot"] =
        source && source->slot ? show_slot(report, configuration.slot, *source->slot) : json();
}

/// Who leads the pipeline, by its lease. Whether he lives is known to nobody but a standby.
json show_leader(Report& report, Pipeline& pipeline) {
    const auto note = read_lease(pipeline.store());
    if (!note || !*note || !(*note)->held) {
        report.line(note ? "nobody leads" : note.error().to_string());
        return {};
    }
    report.line("led by " + (*note)->holder());
    return {{"host", (*note)->host}, {"process", (*note)->process}, {"renewals", (*note)->number}};
}

/// Where a table differs from its source without a word in the log.
json show_untold(Report& report, const PartitionNotes& notes) {
    json shown = json::array();
    for (const std::string& line : notes.untold()) {
        report.line(line);
        shown.push_back(line);
    }
    return shown;
}

/// Fails if the log that is still to be read is lost, or will be soon.
Status check_threats(CommandContext& context, const Configuration& configuration,
                     const PipelineState& state, const Result<SourceStatus>& source) {
    if (!source) {
        return std::unexpected(source.error());
    }
    TRY(check_source_log(configuration, state));
    const std::string threat =
        source->slot ? capture::postgres::threat_to(*source->slot) : std::string();
    if (threat.empty()) {
        return {};
    }
    context.limit_near = true;
    return fail(ErrorKind::invalid,
                "the slot will soon be lost: {}; let weir catch up, or raise the limit, slot={}",
                threat, configuration.slot);
}

}  // namespace

json progress_of(const PipelineState& state) {
    return {{"landed", state.last_landed().value},
            {"refined", state.last_refined().value},
            {"loaded", state.loaded.value},
            {"published", state.published.value},
            {"position", state.position.to_string()}};
}

Status status(CommandContext& context, const StatusOptions& options) {
    const SystemClock clock;
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    PipelineState state;
    TRY(ledger::catch_up(state, pipeline->ledger()));
    const auto source = ask_source(configuration);
    context.report.line(fmt::format("pipeline {}, landed up to position {}", state.pipeline,
                                    state.position.to_string()));
    json result = progress_of(state);
    result["leader"] = show_leader(context.report, *pipeline);
    json stages = json::array();
    for (const StageStatus& stage :
         stages_of(state, source ? std::optional(source->end) : std::nullopt)) {
        stages.push_back(show_stage(context.report, *pipeline, stage));
    }
    const std::string reason = held(state);
    if (!reason.empty()) {
        context.report.line("publication is held: " + reason);
    }
    result["stages"] = std::move(stages);
    result["aside"] = show_aside(context.report, state);
    result["held"] = reason.empty() ? json() : json(reason);
    result["untold"] = show_untold(context.report, PartitionNotes(pipeline->folders().run));
    show_source(context.report, configuration, source, result);
    context.report.result(result);
    return options.check ? check_threats(context, configuration, state, source) : Status();
}

}  // namespace weir::app
