#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "warehouse/history_table.h"

namespace arrow {
class RecordBatch;
}

namespace weir::warehouse {

/// Shapes a snapshot's rows of a table that has no history yet: each is an open version, so they
/// need no merge. `names`: the history table's columns as they stand in the warehouse.
/// Fails with `corrupt` if a row is not of a snapshot.
Result<std::shared_ptr<arrow::RecordBatch>> shape_first_versions(
    const arrow::RecordBatch& rows, const catalog::TableContract& contract,
    const HistoryTable& history, const std::vector<std::string>& names);

}  // namespace weir::warehouse
