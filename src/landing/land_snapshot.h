#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "change/change_source.h"
#include "columnar/parted_writer.h"
#include "landing/landing_place.h"

namespace weir::landing {

/// A chunk that the ledger holds.
struct ChunkReport {
    catalog::TableName table;
    std::uint32_t chunk = 0;
    std::uint64_t rows = 0;
    std::uint64_t chunks_landed = 0;
    std::uint64_t chunks = 0;
};

struct SnapshotOptions {
    std::size_t workers = 1;       // As many as the source was made for.
    columnar::PartSize part_size;  // Changes the files: for tests.
    /// Called from one worker at a time.
    std::function<void(const ChunkReport&)> on_chunk;
    std::function<void(const CutReport&)> on_cut;
};

/// Lands all tables as they are at the plan's position, as cut 1 of the pipeline: `snapshot
/// started`, one append for each chunk, then `cut landed`. Nothing of it counts before that. An
/// attempt that ended early is followed by a new one with the next number.
///
/// Fails with `invalid` if the pipeline has cuts already, with `cancelled` at a stop request, and
/// with the first failing chunk's error; the other workers end at their next look at `stop`.
Status land_snapshot(LandingPlace place, change::SnapshotSource& source,
                     const SnapshotOptions& options, const std::stop_token& stop);

}  // namespace weir::landing
