#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "ledger/entry.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"

namespace weir::warehouse {

/// Makes `<schema>.<table>`: the open rows under the newest contract's names.
Status create_current_view(sql::SqlSession& session, const HistoryTable& history,
                           const catalog::TableContract& contract);

/// Makes `<schema>_changes.<table>` over the processing files that `weir_ops.change_file` names;
/// an empty view of the same columns if there are none yet. `store_folder`: what the files' paths
/// begin at; empty if the warehouse cannot read the store, then there is no view.
Status create_changes_view(sql::SqlSession& session, const HistoryTable& history,
                           const catalog::TableContract& contract, const std::string& store_folder);

/// Returns a SELECT of the table as it was at the end of a cut, with the current view's columns.
std::string as_of_sql(const HistoryTable& history, const catalog::TableContract& contract,
                      ledger::CutNumber cut);

}  // namespace weir::warehouse
