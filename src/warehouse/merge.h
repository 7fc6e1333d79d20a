#pragma once

#include <cstdint>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"
#include "warehouse/load.h"

namespace weir::warehouse {

/// A run of changes to one table that is merged by one set of statements: rows of one version of
/// the table, in order, with a truncate at its beginning or none. The rows stand in the temporary
/// table `stage`, their order in `sequence(row, seq, segment)`.
struct Segment {
    std::int64_t number = 0;
    const catalog::TableContract* contract = nullptr;
    const HistoryTable* history = nullptr;
    bool pieced = false;  // Chunks of several readings, or changes of the window beside them.
};

/// Merges rows that a key names (docs/formats/warehouse.md). Adds to `counts`.
Status merge_by_key(sql::SqlSession& session, const Segment& segment, TableCounts& counts);

/// Merges rows of a table without a key: a multiset. Adds to `counts`.
Status merge_by_row(sql::SqlSession& session, const Segment& segment, TableCounts& counts);

}  // namespace weir::warehouse
