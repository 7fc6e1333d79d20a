#include "landing/land_snapshot.h"

#include <vector>

#include "base/assert.h"
#include "landing/land_cut.h"

namespace weir::landing {

std::optional<change::SnapshotProgress> snapshot_progress(const ledger::PipelineState& state) {
    if (!state.snapshot_open) {
        return std::nullopt;
    }
    change::SnapshotProgress progress{.position = state.snapshot->reading.position,
                                      .snapshot = state.snapshot->reading.snapshot,
                                      .chunk_blocks = state.snapshot->chunk_blocks,
                                      .chunks = {}};
    for (const auto& [key, chunk] : state.chunks) {
        progress.chunks.push_back({.table = key.first,
                                   .index = key.second,
                                   .table_chunks = chunk.first.table_chunks,
                                   .position = chunk.first.position,
                                   .storage = chunk.first.storage});
    }
    return progress;
}

Status land_snapshot_cut(LandingPlace place, const std::function<void(const CutReport&)>& on_cut) {
    const ledger::PipelineState& state = place.state;
    WEIR_ASSERT(state.snapshot_complete() && !state.resumed);
    const ledger::CutLanded cut{.cut = {1},
                                .position = state.snapshot->reading.position,
                                .commit_time = state.snapshot->reading.time,
                                .transactions = 0,
                                .changes = state.chunk_rows(),
                                .snapshot_attempt = state.snapshot->attempt,
                                .files = {}};
    std::vector<ledger::DataFile> files;
    for (const auto& [key, chunk] : state.chunks) {
        if (!state.counts(key.first)) {
            continue;
        }
        TRY_LET(const auto listed, place.ledger.read_files(chunk.first.files));
        files.insert(files.end(), listed.begin(), listed.end());
    }
    TRY(commit(place, {cut}));
    CutReport report = report_of(cut, files);
    report.landed_time = place.clock.now();
    if (on_cut) {
        on_cut(report);
    }
    return {};
}

Status land_snapshot(LandingPlace place, change::SnapshotSource& source,
                     const ChunkOptions& options,
                     const std::function<void(const CutReport&)>& on_cut,
                     const std::stop_token& stop) {
    const ledger::PipelineState& state = place.state;
    if (state.last_landed().value != 0) {
        return fail(ErrorKind::invalid,
                    "cannot land snapshot: the pipeline has cuts already, last={}",
                    state.last_landed().value);
    }
    LockedPlace turns(place);
    TRY(land_chunks({.turns = turns,
                     .store = place.store,
                     .keys = place.keys,
                     .epoch = place.lease.epoch,
                     .clock = place.clock},
                    source, options, stop));
    return state.snapshot_complete() && !state.resumed ? land_snapshot_cut(place, on_cut)
                                                       : Status();
}

}  // namespace weir::landing
