#pragma once

#include <cstdint>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"
#include "warehouse/load.h"

namespace weir::warehouse {

/// A table that was read anew: `stage` holds all rows that it had at the reading, and the changes
/// around it (docs/formats/snapshot.md, "Tables set aside").
struct Repair {
    const HistoryTable& history;
    const catalog::TableContract& contract;  // Of the reading.
    ledger::CutNumber cut{};
    Reading reading;
};

/// Adds to `stage` the deletes that the log did not tell: of keys that history has open, that the
/// reading does not have, and that no change touches afterwards.
Status add_lost_deletes(sql::SqlSession& session, const Repair& repair);

/// Of a table without a key: takes out of `stage` the rows of the reading that history has open,
/// and adds deletes of those that it has and the reading has not. As many as there are count.
Status add_lost_differences(sql::SqlSession& session, const Repair& repair);

}  // namespace weir::warehouse
