#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "catalog/table_contract.h"
#include "change/change_source.h"

namespace weir::capture::postgres {

/// Where a table's pages are.
struct TableStorage {
    std::uint64_t number = 0;  // pg_class.relfilenode
    std::uint64_t blocks = 0;
    bool has_toast = false;
};

/// What a reading has to read of one table.
struct ChunkPlan {
    std::vector<change::SnapshotChunk> chunks;  // By index.
    bool restarted = false;                     // What has landed of the table is not used.
};

/// Plans what has not landed of a table, by the rules of docs/formats/snapshot.md, "Chunks" and
/// "The cut". Chunks of other tables in `progress` are passed over.
ChunkPlan plan_chunks(const std::shared_ptr<const catalog::TableContract>& contract,
                      const TableStorage& storage, const change::SnapshotProgress& progress);

}  // namespace weir::capture::postgres
