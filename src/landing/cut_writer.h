#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/contract_book.h"
#include "landing/spill.h"
#include "landing/table_files.h"
#include "ledger/entry.h"
#include "store/object_store.h"

namespace weir::landing {

/// What only the end of a cut tells, and what the names of its files need.
struct CutName {
    ledger::CutNumber cut{};
    Timestamp commit_time;
    ledger::Epoch epoch{};
};

/// Writes the changes of all tables in one cut. The files stay in `space` until `finish` gives them
/// their names; dropped before, it leaves nothing. One thread at a time.
class CutWriter final : public change::ChangeSink {
public:
    /// `cut`: its number once it lands. Null keys: the files are in the open. They outlive it.
    CutWriter(SpillSpace& space, ContractBook& contracts, ledger::CutNumber cut,
              const columnar::ParquetKeys* keys = nullptr, columnar::PartSize size = {})
        : space_(space), contracts_(contracts), cut_(cut), keys_(keys), size_(size) {}

    Status schema_changed(std::shared_ptr<const catalog::TableContract> contract) override;
    /// Fails with `internal` if the batch's schema version was never announced.
    Status write(const change::ChangeBatch& batch) override;
    Status set_aside(const catalog::TableName& table, change::AsideReason reason,
                     std::string_view detail) override;

    std::uint64_t rows() const { return rows_; }

    /// Makes the files durable and returns them by table and part. They are data once the ledger
    /// names them. REQUIRES: the name has the writer's cut.
    Result<std::vector<ledger::DataFile>> finish(store::ObjectStore& store, const CutName& name) &&;

private:
    struct Table {
        Table(const catalog::TableName& name, const CutWriter& writer);

        std::map<std::uint32_t, std::shared_ptr<Spill>> spills;  // By part.
        TableFiles files;
    };

    SpillSpace& space_;
    ContractBook& contracts_;
    ledger::CutNumber cut_;
    const columnar::ParquetKeys* keys_;
    columnar::PartSize size_;
    std::map<catalog::TableName, std::unique_ptr<Table>> tables_;
    std::uint64_t rows_ = 0;
};

}  // namespace weir::landing
