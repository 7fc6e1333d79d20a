#pragma once

#include "base/result.h"
#include "sql/sql_session.h"
#include "warehouse/merge.h"

namespace weir::warehouse {

/// Gives each `_unchanged` column of the segment's updates the value of the row's version before:
/// earlier in the segment, perhaps under another key and itself unchanged there, or open in
/// history. Needs the temporary table `chained` of the merge by key. Counts the values that have
/// no version before, and leaves them null.
Status resolve_unchanged(sql::SqlSession& session, const Segment& segment, TableCounts& counts);

}  // namespace weir::warehouse
