#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "change/change_source.h"
#include "columnar/parted_writer.h"
#include "landing/landing_place.h"

namespace weir::landing {

/// A chunk that the ledger holds, and how far the attempt has come with it.
struct ChunkReport {
    catalog::TableName table;
    std::uint32_t chunk = 0;
    std::uint64_t rows = 0;
    std::uint64_t chunks_landed = 0;  // Of the attempt, earlier readings' too.
    std::uint64_t chunks = 0;
    std::uint64_t rows_landed = 0;             // Of this reading.
    std::uint64_t chunks_read = 0;             // Of this reading.
    std::chrono::duration<double> elapsed{0};  // Since it began.

    double rows_per_second() const { return static_cast<double>(rows_landed) / elapsed.count(); }
    /// As long as the chunks so far took for as many.
    std::chrono::duration<double> left() const {
        return elapsed *
               (static_cast<double>(chunks - chunks_landed) / static_cast<double>(chunks_read));
    }
};

struct SnapshotOptions {
    std::size_t workers = 1;  // As many as the source was made for.
    /// A reading takes no further chunk after this time; zero: it takes all.
    std::chrono::milliseconds hold{0};
    columnar::PartSize part_size;  // Changes the files: for tests.
    /// Called from one worker at a time.
    std::function<void(const ChunkReport&)> on_chunk;
    std::function<void(const CutReport&)> on_cut;
};

/// Returns what earlier readings of the last attempt have landed; nothing if none has begun.
std::optional<change::SnapshotProgress> snapshot_progress(const ledger::PipelineState& state);

/// Lands the cut of an attempt with one reading: its chunks, as cut 1. REQUIRES: all of them have
/// landed, and the attempt was not resumed.
Status land_snapshot_cut(LandingPlace place, const std::function<void(const CutReport&)>& on_cut);

/// Lands the plan's chunks: `snapshot started` or `snapshot resumed`, then one append for each. If
/// they are all that the attempt needs and this is its only reading, `cut landed` follows, as cut 1
/// of the pipeline; an attempt of several readings is closed by `land_window`. Nothing counts
/// before its cut. Returns without an error when `options.hold` is over: the next reading goes on.
///
/// Fails with `invalid` if the pipeline has cuts already, with `cancelled` at a stop request, and
/// with the first failing chunk's error; the other workers end at their next look at `stop`.
Status land_snapshot(LandingPlace place, change::SnapshotSource& source,
                     const SnapshotOptions& options, const std::stop_token& stop);

}  // namespace weir::landing
