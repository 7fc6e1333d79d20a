#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"

namespace weir::warehouse {

/// What `weir_ops` knows of the history tables: version, and name and type of each column by id.
/// Statements run in the caller's transaction.

/// Makes the schema `weir_ops` with its tables, and `weir_cut` at 0, unless they are there.
Status create_operations(sql::SqlSession& session);

/// Returns the table as it was last saved; none if this warehouse has no such table.
Result<std::optional<HistoryTable>> read_history(sql::SqlSession& session,
                                                 const catalog::TableName& name);
Status save_history(sql::SqlSession& session, const HistoryTable& table);

}  // namespace weir::warehouse
