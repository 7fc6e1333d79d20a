#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/table_contract.h"

namespace weir::warehouse {

/// A column of the source in a history table. It stays when the source drops it.
struct HistoryColumn {
    std::uint32_t id = 0;  // catalog::Column::id: what a rename keeps.
    std::string name;      // Unique whatever the case, and none of the history's own names.
    std::shared_ptr<arrow::DataType> type;  // Holds the values of all versions so far.
    bool present = true;                    // In the newest contract.
};

/// Where the history of a source table stands: `claims.claim` in `claims_history.claim`.
inline catalog::TableName history_name(const catalog::TableName& table) {
    return {table.schema + "_history", table.table};
}

/// The history of one source table (docs/formats/warehouse.md). A value.
struct HistoryTable {
    catalog::TableName name;
    catalog::SchemaVersion version{};  // Of the newest contract that shaped it.
    std::vector<HistoryColumn> columns;

    /// `"claims_history"."claim"`.
    std::string qualified_name() const;
    /// Returns the column with this id. REQUIRES: there is one.
    const HistoryColumn& column(std::uint32_t id) const;
};

/// The names that the history itself uses for columns.
bool is_history_name(std::string_view name);

/// How a history table comes to its next shape.
struct Evolution {
    HistoryTable table;
    std::vector<std::string> statements;  // In order; none if the table has this shape.
};

/// Plans the table's shape under `contract`: makes it, adds columns, widens types, renames by id.
/// An older contract than the table's changes nothing.
Evolution evolve(const std::optional<HistoryTable>& table, const catalog::TableContract& contract);

}  // namespace weir::warehouse
