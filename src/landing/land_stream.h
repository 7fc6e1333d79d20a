#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "change/change_source.h"
#include "columnar/parted_writer.h"
#include "landing/cut_schedule.h"
#include "landing/landing_place.h"
#include "landing/table_readings.h"

namespace weir::landing {

struct StreamOptions {
    std::filesystem::path spill_folder;  // Exists; on the same machine; see landing/spill.h.
    std::uint64_t spill_memory_bytes_max = 32 << 20;
    /// Ends the call once the log has been read up to here.
    std::optional<change::Position> until;
    /// While the log is silent, its position is recorded at most this often.
    std::chrono::seconds position_interval{10};
    std::uint64_t position_bytes = 16 << 20;
    columnar::PartSize part_size;  // Changes the files: for tests.
    /// Called after every committed cut, and after every read with the position of the log.
    std::function<void(const CutReport&)> on_cut;
    std::function<void(change::Position)> on_position;
    /// Where tables are read beside the log; null: none is.
    change::TableSource* tables = nullptr;
    ReadingOptions readings = {};
};

/// Lands a source's log from where the ledger stands: cut by cut, each committed by one append of
/// its new schema versions and its `cut landed` entry, and only then acknowledged to the source.
/// Returns at a stop request (after the cut at hand), at `until` once no table is left to be read
/// beside it, or when `schedule` is over.
///
/// An error leaves the ledger at the last committed cut. What was written since is never read; the
/// call may be repeated with a new lease and a source that starts at the ledger's position.
Status land_stream(LandingPlace place, change::ChangeSource& source, CutSchedule& schedule,
                   const StreamOptions& options, const std::stop_token& stop);

}  // namespace weir::landing
