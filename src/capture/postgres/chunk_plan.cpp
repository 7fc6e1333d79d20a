#include "capture/postgres/chunk_plan.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/assert.h"

namespace weir::capture::postgres {
namespace {

using change::LandedChunk;
using change::Position;
using change::SnapshotChunk;

/// What has landed of one table.
struct Landed {
    std::set<std::uint32_t> indexes;  // Of its ranges.
    std::set<Position> positions;     // Of their readings.
    std::uint32_t table_chunks = 0;   // Into how many ranges the first of them divided the table.
    std::uint32_t looks_back = 0;
    Position looked_back;  // Position of the last chunk that read rows once more.
    bool of_other_storage = false;
};

Landed landed_of(const catalog::TableName& table, const TableStorage& storage,
                 const std::vector<LandedChunk>& chunks) {
    Landed landed;
    for (const LandedChunk& chunk : chunks) {
        if (chunk.table != table) {
            continue;
        }
        landed.of_other_storage |= chunk.storage != storage.number;
        if (chunk.index >= change::look_back_index) {
            ++landed.looks_back;
            landed.looked_back = std::max(landed.looked_back, chunk.position);
            continue;
        }
        landed.indexes.insert(chunk.index);
        landed.positions.insert(chunk.position);
        landed.table_chunks = chunk.table_chunks;
    }
    return landed;
}

/// pg_current_snapshot() begins with the oldest transaction that ran: all that the snapshot does
/// not see are that one or later.
std::uint64_t oldest_unseen(const std::string& snapshot) {
    std::uint64_t oldest = 0;
    std::from_chars(snapshot.data(), snapshot.data() + snapshot.size(), oldest);
    return oldest;
}

/// Into how many chunks the table is divided. A row that lies behind them was written since the
/// first of them was read, and is in the log.
std::uint32_t count_chunks(const Landed& landed, const TableStorage& storage,
                           std::uint64_t chunk_blocks) {
    const std::uint64_t now = (storage.blocks + chunk_blocks - 1) / chunk_blocks;
    return landed.indexes.empty() ? std::max(1U, static_cast<std::uint32_t>(now))
                                  : landed.table_chunks;
}

/// What chunks of one table have in common.
struct Table {
    const std::shared_ptr<const catalog::TableContract>& contract;
    const TableStorage& storage;
    const change::SnapshotProgress& progress;

    SnapshotChunk chunk(std::uint32_t index) const {
        return {.contract = contract,
                .index = index,
                .first_block = index * progress.chunk_blocks,
                .end_block = (index + 1) * progress.chunk_blocks,
                .storage = storage.number};
    }

    std::vector<SnapshotChunk> missing(const Landed& landed) const {
        std::vector<SnapshotChunk> chunks;
        const std::uint32_t count = count_chunks(landed, storage, progress.chunk_blocks);
        for (std::uint32_t index = 0; index < count; ++index) {
            if (!landed.indexes.contains(index)) {
                chunks.push_back(chunk(index));
                chunks.back().table_chunks = count;
            }
        }
        return chunks;
    }

    SnapshotChunk looking_back(const Landed& landed) const {
        SnapshotChunk back = chunk(change::look_back_index + landed.looks_back);
        back.written_since = oldest_unseen(progress.snapshot);
        return back;
    }
};

}  // namespace

ChunkPlan plan_chunks(const std::shared_ptr<const catalog::TableContract>& contract,
                      const TableStorage& storage, const change::SnapshotProgress& progress) {
    WEIR_ASSERT(progress.chunk_blocks > 0);
    const Table table{.contract = contract, .storage = storage, .progress = progress};
    const Landed landed = landed_of(contract->name, storage, progress.chunks);
    ChunkPlan plan{.chunks = table.missing(landed), .restarted = false};
    const bool split = !landed.indexes.empty() && !plan.chunks.empty();
    if (landed.of_other_storage || (split && !contract->has_key())) {
        return {.chunks = table.missing({}), .restarted = true};
    }
    const bool is_due =
        landed.positions.size() > 1 && landed.looked_back != *landed.positions.rbegin();
    if (storage.has_toast && (split || is_due)) {
        plan.chunks.push_back(table.looking_back(landed));
    }
    return plan;
}

}  // namespace weir::capture::postgres
