#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/table_files.h"
#include "ledger/entry.h"
#include "store/object_store.h"

namespace weir::landing {

/// Which chunk of which attempt, and by whom.
struct ChunkName {
    std::uint32_t attempt = 0;
    std::uint32_t chunk = 0;
    Timestamp time;  // When the snapshot was taken.
    ledger::Epoch epoch{};
};

/// Writes the rows of one snapshot chunk straight into the store. One thread at a time.
class ChunkWriter final : public change::ChangeSink {
public:
    /// Null keys: the files are in the open. They outlive it.
    ChunkWriter(store::ObjectStore& store, const columnar::ParquetKeys* keys,
                std::shared_ptr<const catalog::TableContract> contract, const ChunkName& name,
                columnar::PartSize size = {});

    /// Fails with `internal` unless it is the chunk's own contract.
    Status schema_changed(std::shared_ptr<const catalog::TableContract> contract) override;
    Status write(const change::ChangeBatch& batch) override;
    /// Fails with `internal`: a reading has one shape.
    Status set_aside(const catalog::TableName& table, change::AsideReason reason,
                     std::string_view detail) override;

    std::uint64_t rows() const { return rows_; }
    Result<std::vector<ledger::DataFile>> finish() &&;

private:
    Status check(const catalog::TableContract& contract) const;

    std::shared_ptr<const catalog::TableContract> contract_;
    ChunkName name_;
    TableFiles files_;
    std::uint64_t rows_ = 0;
};

}  // namespace weir::landing
