#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "warehouse/history_table.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace weir::warehouse {

/// Finds a batch's columns by the ids of its contract. The batch outlives it.
class ProcessingColumns {
public:
    ProcessingColumns(const arrow::RecordBatch& rows, const catalog::TableContract& contract)
        : rows_(rows), contract_(contract) {}

    /// Returns a column such as `_op`. Fails with `corrupt` if there is none.
    Result<std::shared_ptr<arrow::Array>> own(const std::string& name) const;
    /// Returns a column of the after image, all null if this version has no such column.
    Result<std::shared_ptr<arrow::Array>> after(const HistoryColumn& column) const;
    /// Returns a column of the before image, null where there is no before image.
    Result<std::shared_ptr<arrow::Array>> before(const HistoryColumn& column) const;
    std::int64_t rows() const;

private:
    const catalog::Column* find(std::uint32_t id) const;
    Result<std::shared_ptr<arrow::Array>> nulls(const HistoryColumn& column) const;

    const arrow::RecordBatch& rows_;
    const catalog::TableContract& contract_;
};

}  // namespace weir::warehouse
