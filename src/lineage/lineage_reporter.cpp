#include "lineage/lineage_reporter.h"

#include <fcntl.h>

#include <algorithm>
#include <span>
#include <utility>

#include "store/file_system.h"

namespace weir::lineage {
namespace {

void merge(std::vector<Dataset>& earlier, std::vector<Dataset> later) {
    for (Dataset& dataset : later) {
        const auto same = std::ranges::find_if(earlier, [&](const Dataset& present) {
            return present.name_space == dataset.name_space && present.name == dataset.name;
        });
        if (same == earlier.end()) {
            earlier.push_back(std::move(dataset));
        } else {
            merge_into(*same, std::move(dataset));
        }
    }
}

Status append(const std::filesystem::path& path, const std::string& lines) {
    TRY(store::create_folders(path.parent_path().string()));
    TRY_LET(const auto file, store::open_file(path.string(), O_WRONLY | O_CREAT | O_APPEND));
    return store::write_all(file, std::as_bytes(std::span(lines)), path.string());
}

}  // namespace

Status LineageReporter::completed(StageBatch batch) {
    Job& job = jobs_[batch.stage];
    if (job.pending) {
        job.pending->ended = std::max(job.pending->ended, batch.ended);
        merge(job.pending->inputs, std::move(batch.inputs));
        merge(job.pending->outputs, std::move(batch.outputs));
    } else {
        job.pending = std::move(batch);
    }
    return due(job) ? write_pending(job) : Status();
}

Status LineageReporter::failed(const StageBatch& batch, const Error& error) {
    Job& job = jobs_[batch.stage];
    TRY(write_pending(job));
    job.reported = clock_.steady_now();
    return write_run(batch, error.to_string());
}

Status LineageReporter::tick() {
    for (auto& [stage, job] : jobs_) {
        if (due(job)) {
            TRY(write_pending(job));
        }
    }
    return {};
}

Status LineageReporter::flush() {
    for (auto& [stage, job] : jobs_) {
        TRY(write_pending(job));
    }
    return {};
}

bool LineageReporter::due(const Job& job) const {
    return job.pending &&
           (!job.reported || clock_.steady_now() - *job.reported >= options_.interval);
}

Status LineageReporter::write_pending(Job& job) {
    if (!job.pending) {
        return {};
    }
    job.reported = clock_.steady_now();
    const StageBatch batch = *std::exchange(job.pending, std::nullopt);
    return write_run(batch, std::nullopt);
}

Status LineageReporter::write_run(const StageBatch& batch,
                                  const std::optional<std::string>& error) {
    RunEvent event{.type = EventType::start,
                   .time = batch.started,
                   .run_id = options_.run_ids(batch.started),
                   .job_namespace = options_.job_namespace,
                   .job_name = batch.stage,
                   .release = options_.release,
                   .parent = options_.parent,
                   .inputs = batch.inputs,
                   .outputs = batch.outputs};
    for (auto* datasets : {&event.inputs, &event.outputs}) {
        for (Dataset& dataset : *datasets) {
            dataset.statistics = {};  // Nothing has been moved when a run starts.
            dataset.assertions.clear();
        }
    }
    std::string lines = format_event(event) + "\n";
    event.type = error ? EventType::fail : EventType::complete;
    event.time = batch.ended;
    event.error = error;
    event.inputs = batch.inputs;
    event.outputs = batch.outputs;
    lines += format_event(event) + "\n";
    return append(options_.file, lines).with("lineage of stage " + batch.stage);
}

}  // namespace weir::lineage
