#include "capture/postgres/chunk_plan.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/assert.h"

namespace weir::capture::postgres {
namespace {

using change::LandedChunk;
using change::Position;
using change::SnapshotChunk;

using Storages = std::vector<TableStorage>;

// PostgreSQL numbers the pages of a table with 32 bits; the last number is none.
constexpr std::uint64_t block_end = 0xFFFF'FFFF;

constexpr std::uint64_t chunk_blocks_min = 1024;  // 8 MiB.

/// What has landed of one storage.
struct LandedStorage {
    std::set<std::uint32_t> indexes;  // Of its ranges.
    std::uint32_t table_chunks = 0;   // Into how many ranges the first of them divided it.
};

/// What has landed of one table.
struct Landed {
    std::map<std::uint64_t, LandedStorage> storages;  // By number.
    std::set<Position> positions;                     // Of the readings of its ranges.
    std::uint32_t looks_back = 0;
    Position looked_back;  // Position of the last chunk that read rows once more.
    bool of_other_storage = false;
};

Landed landed_of(const catalog::TableName& table, const Storages& storages,
                 const std::vector<LandedChunk>& chunks) {
    Landed landed;
    for (const LandedChunk& chunk : chunks) {
        if (chunk.table != table) {
            continue;
        }
        landed.of_other_storage |=
            std::ranges::find(storages, chunk.storage, &TableStorage::number) == storages.end();
        if (chunk.index >= change::look_back_index) {
            ++landed.looks_back;
            landed.looked_back = std::max(landed.looked_back, chunk.position);
            continue;
        }
        LandedStorage& storage = landed.storages[chunk.storage];
        storage.indexes.insert(chunk.index);
        storage.table_chunks = chunk.table_chunks;
        landed.positions.insert(chunk.position);
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

/// Into how many chunks a storage is divided. A row that lies behind them was written since the
/// first of them was read, and is in the log.
std::uint32_t count_chunks(const LandedStorage& landed, const TableStorage& storage,
                           std::uint64_t chunk_blocks) {
    const std::uint64_t now = (storage.blocks + chunk_blocks - 1) / chunk_blocks;
    return landed.indexes.empty() ? std::max(1U, static_cast<std::uint32_t>(now))
                                  : landed.table_chunks;
}

/// What chunks of one table have in common.
struct Table {
    const std::shared_ptr<const catalog::TableContract>& contract;
    const Storages& storages;
    const change::SnapshotProgress& progress;

    bool is_divided() const {
        return storages.size() > 1 || storages.front().name != contract->name;
    }

    /// Where each storage's chunks begin: those that have landed stay, new ones come behind.
    std::map<std::uint64_t, std::uint32_t> first_indexes(const Landed& landed) const {
        std::map<std::uint64_t, std::uint32_t> firsts;
        std::uint32_t next = 0;
        for (const auto& [number, storage] : landed.storages) {
            const std::uint32_t index = *storage.indexes.begin();
            firsts[number] = is_divided() ? index - index % partition_chunks_max : 0;
            next = std::max(next, firsts[number] + partition_chunks_max);
        }
        for (const TableStorage& storage : storages) {
            if (firsts.try_emplace(storage.number, next).second) {
                next += partition_chunks_max;
            }
        }
        return firsts;
    }

    SnapshotChunk chunk(const TableStorage& storage, std::uint32_t first,
                        std::uint32_t range) const {
        const std::uint64_t begin = range * progress.chunk_blocks;
        const bool is_rest = is_divided() && range + 1 == partition_chunks_max;
        return {.contract = contract,
                .index = first + range,
                .first_block = begin,
                .end_block = is_rest ? block_end : begin + progress.chunk_blocks,
                .storage = storage.number};
    }

    void add_missing(const TableStorage& storage, std::uint32_t first, const LandedStorage& landed,
                     ChunkPlan& plan) const {
        std::uint32_t count = count_chunks(landed, storage, progress.chunk_blocks);
        count = is_divided() ? std::min(count, partition_chunks_max) : count;
        for (std::uint32_t range = 0; range < count; ++range) {
            if (!landed.indexes.contains(first + range)) {
                plan.chunks.push_back(chunk(storage, first, range));
                plan.chunks.back().table_chunks = count;
                plan.partitions.push_back(storage.name);
            }
        }
    }

    ChunkPlan missing(const Landed& landed) const {
        ChunkPlan plan;
        const auto firsts = first_indexes(landed);
        for (const TableStorage& storage : storages) {
            const auto found = landed.storages.find(storage.number);
            add_missing(storage, firsts.at(storage.number),
                        found == landed.storages.end() ? LandedStorage() : found->second, plan);
        }
        return plan;
    }

    void add_looking_back(const Landed& landed, ChunkPlan& plan) const {
        plan.chunks.push_back(
            chunk(storages.front(), change::look_back_index + landed.looks_back, 0));
        plan.chunks.back().written_since = oldest_unseen(progress.snapshot);
        plan.partitions.push_back(is_divided() ? std::nullopt : std::optional(contract->name));
    }
};

}  // namespace

std::uint64_t even_chunk_blocks(std::uint64_t largest_blocks, std::uint64_t chunk_blocks_max,
                                std::size_t readers) {
    const auto quotient = [](std::uint64_t blocks, std::uint64_t parts) {
        return (blocks + parts - 1) / parts;
    };
    const std::uint64_t rounds =
        std::max<std::uint64_t>(1, quotient(largest_blocks, chunk_blocks_max * readers));
    const std::uint64_t blocks = quotient(largest_blocks, rounds * readers);
    return std::clamp(blocks, std::min(chunk_blocks_min, chunk_blocks_max), chunk_blocks_max);
}

ChunkPlan plan_chunks(const std::shared_ptr<const catalog::TableContract>& contract,
                      const std::vector<TableStorage>& storages,
                      const change::SnapshotProgress& progress) {
    WEIR_ASSERT(progress.chunk_blocks > 0);
    WEIR_ASSERT(!storages.empty());
    const Table table{.contract = contract, .storages = storages, .progress = progress};
    const Landed landed = landed_of(contract->name, storages, progress.chunks);
    ChunkPlan plan = table.missing(landed);
    const bool split = !landed.storages.empty() && !plan.chunks.empty();
    if (landed.of_other_storage || (split && !contract->has_key())) {
        plan = table.missing({});
        plan.restarted = true;
        return plan;
    }
    const bool is_due =
        landed.positions.size() > 1 && landed.looked_back < *landed.positions.rbegin();
    if (std::ranges::any_of(storages, &TableStorage::has_toast) && (split || is_due)) {
        table.add_looking_back(landed, plan);
    }
    return plan;
}

}  // namespace weir::capture::postgres
