#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "change/change_source.h"
#include "columnar/parted_writer.h"
#include "landing/place_turns.h"
#include "ledger/entry.h"
#include "store/object_store.h"

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

struct ChunkOptions {
    std::size_t workers = 1;  // As many as the source was made for.
    /// A reading takes no further chunk after this time, or the plan's if that is less; zero: it
    /// takes all. It ends no table without a key that it has begun, which would begin again.
    std::chrono::milliseconds hold{0};
    columnar::PartSize part_size = {};  // Changes the files: for tests.
    /// Called from one thread at a time.
    std::function<void(const ChunkReport&)> on_chunk = {};
    std::function<void(const change::UnreadableTable&)> on_unreadable = {};
};

/// Where several threads write the files of one attempt. All of it outlives the reading.
struct ChunkPlace {
    PlaceTurns& turns;
    store::ObjectStore& store;
    const columnar::ParquetKeys* keys = nullptr;  // Null: files in the open.
    ledger::Epoch epoch{};                        // Of the capture stage's lease.
    const Clock& clock;
};

/// Lands the plan's chunks: `snapshot started` or `snapshot resumed`, then one append for each.
/// None of them counts before the attempt's cut. A table that cannot be read is set aside, and the
/// others go on. Returns without an error when its time is over: the next reading goes on.
///
/// Fails with `conflict` if the log has told another shape of a table meanwhile: begin again; with
/// `cancelled` at a stop request; and with the first error that is not a table's own.
Status land_chunks(const ChunkPlace& place, change::SnapshotSource& source,
                   const ChunkOptions& options, const std::stop_token& stop);

}  // namespace weir::landing
