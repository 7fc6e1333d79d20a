#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/table_contract.h"
#include "ledger/entry.h"
#include "refine/column_refiner.h"
#include "refine/declared_type.h"
#include "refine/quarantine_reason.h"

namespace arrow {
class Array;
class RecordBatch;
class Schema;
}  // namespace arrow

namespace weir::refine {

/// The rows of a batch, in its order, each in one of the two.
struct RefinedRows {
    std::vector<std::shared_ptr<arrow::RecordBatch>> refined;
    std::vector<std::shared_ptr<arrow::RecordBatch>> quarantined;
};

/// The landed row, then `reason` and `column`.
std::shared_ptr<arrow::Schema> quarantine_schema(const catalog::TableContract& contract);

/// Refines landed rows of one table and one schema version. Any thread may call `refine`.
class RowRefiner {
public:
    /// `time` is the commit time of the cut's last transaction. Fails as `processing_schema` does;
    /// `declared` outlives the refiner.
    static Result<RowRefiner> make(const catalog::TableContract& contract,
                                   const DeclaredTypes& declared, ledger::CutNumber cut,
                                   Timestamp time);

    const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

    /// Fails with `corrupt` if these are not landed rows of the contract.
    Result<RefinedRows> refine(const arrow::RecordBatch& landed) const;

private:
    RowRefiner() = default;

    /// What comes before `_before`.
    Result<std::vector<std::shared_ptr<arrow::Array>>> leading_columns(
        const arrow::RecordBatch& landed) const;

    std::shared_ptr<arrow::Schema> landed_schema_;
    std::shared_ptr<arrow::Schema> schema_;
    std::shared_ptr<arrow::Schema> quarantine_schema_;
    std::vector<ColumnRefiner> columns_;
    ledger::CutNumber cut_{};
    std::int32_t load_dt_ = 0;  // Days since 1970.
};

}  // namespace weir::refine
