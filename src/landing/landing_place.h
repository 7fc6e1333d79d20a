#pragma once

#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "change/position.h"
#include "columnar/parquet_keys.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"
#include "store/object_store.h"

namespace weir::landing {

/// Where changes land, and by what right. All of it outlives whatever lands there. `state` is that
/// of `ledger` and is caught up after every append; nobody else touches it meanwhile.
struct LandingPlace {
    store::ObjectStore& store;
    ledger::Ledger& ledger;
    const ledger::Lease& lease;  // Of Stage::capture.
    ledger::PipelineState& state;
    const Clock& clock;
    const columnar::ParquetKeys* keys = nullptr;  // Null: files in the open.
};

/// A cut that the ledger holds, for whoever watches.
struct CutReport {
    ledger::CutNumber cut{};
    change::Position position;
    std::optional<Timestamp> commit_time;  // By the source's clock.
    Timestamp landed_time;                 // By ours, after the append.
    std::uint64_t transactions = 0;
    std::uint64_t rows = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

inline std::uint64_t sum_bytes(const std::vector<ledger::DataFile>& files) {
    std::uint64_t sum = 0;
    for (const ledger::DataFile& file : files) {
        sum += file.bytes;
    }
    return sum;
}

/// A report of a cut that is about to be appended: its time of landing comes later.
inline CutReport report_of(const ledger::CutLanded& cut,
                           const std::vector<ledger::DataFile>& files) {
    return {.cut = cut.cut,
            .position = cut.position,
            .commit_time = cut.commit_time,
            .landed_time = {},
            .transactions = cut.transactions,
            .rows = cut.changes,
            .files = files.size(),
            .bytes = sum_bytes(files)};
}

/// Appends and takes the entries into the state.
inline Status commit(LandingPlace& place, const std::vector<ledger::EntryBody>& entries) {
    TRY(place.ledger.append(place.lease, entries));
    return ledger::catch_up(place.state, place.ledger);
}

}  // namespace weir::landing
