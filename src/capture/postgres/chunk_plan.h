#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "catalog/table_contract.h"
#include "change/change_source.h"

namespace weir::capture::postgres {

/// Where a table's pages are, or those of one of its partitions.
struct TableStorage {
    catalog::TableName name;
    std::uint64_t number = 0;  // pg_class.relfilenode
    std::uint64_t blocks = 0;
    bool has_toast = false;
};

/// The chunks of each partition of a table begin at a multiple of this; one with more pages than so
/// many chunks has one chunk that is larger.
inline constexpr std::uint32_t partition_chunks_max = 1U << 16U;

/// Returns how many pages a chunk has so that `readers` end at much the same time: the largest
/// storage is divided into a multiple of them. At most `chunk_blocks_max`, and at least a thousand
/// or that, so that no file is tiny.
std::uint64_t even_chunk_blocks(std::uint64_t largest_blocks, std::uint64_t chunk_blocks_max,
                                std::size_t readers);

/// What a reading has to read of one table.
struct ChunkPlan {
    std::vector<change::SnapshotChunk> chunks;
    /// Where each chunk lies: in the table itself, in a partition, or (none) in all partitions.
    std::vector<std::optional<catalog::TableName>> partitions = {};
    bool restarted = false;  // What has landed of the table is not used.
};

/// Plans what has not landed of a table, by the rules of docs/formats/snapshot.md, "Chunks" and
/// "The cut". Chunks of other tables in `progress` are passed over. `storages` are the table's own
/// or those of its partitions, at least one.
ChunkPlan plan_chunks(const std::shared_ptr<const catalog::TableContract>& contract,
                      const std::vector<TableStorage>& storages,
                      const change::SnapshotProgress& progress);

}  // namespace weir::capture::postgres
