#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/land_chunks.h"
#include "landing/landing_place.h"

namespace weir::landing {

/// Returns what earlier readings of the open attempt have landed; nothing if none is open.
std::optional<change::SnapshotProgress> snapshot_progress(const ledger::PipelineState& state);

/// Lands the cut of an attempt with one reading: its chunks, as cut 1. REQUIRES: all of them have
/// landed, and the attempt was not resumed.
Status land_snapshot_cut(LandingPlace place, const std::function<void(const CutReport&)>& on_cut);

/// Lands a reading of all tables with nothing beside it (`land_chunks`). If that is all that the
/// attempt needs and this is its only reading, `cut landed` follows, as cut 1 of the pipeline; an
/// attempt of several readings is closed by `land_window`.
///
/// Fails with `invalid` if the pipeline has cuts already.
Status land_snapshot(LandingPlace place, change::SnapshotSource& source,
                     const ChunkOptions& options,
                     const std::function<void(const CutReport&)>& on_cut,
                     const std::stop_token& stop);

}  // namespace weir::landing
