#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"

namespace weir::warehouse {

/// The temporary table `stage`: the rows of one table's processing files, with columns named by
/// id, so that rows of all versions of the table stand in one shape. After image `c<id>`, before
/// image `b<id>`, and: `row` (a number from 0), `op`, `cut`, `position`, `ordinal`, `time`,
/// `version`, `unchanged`.
class Stage {
public:
    /// `before_ids`: the columns whose before image is needed.
    Stage(const HistoryTable& history, std::set<std::uint32_t> before_ids)
        : history_(history), before_ids_(std::move(before_ids)) {}

    Status create(sql::SqlSession& session) const;
    /// Appends rows of a processing file of this version.
    Status append(sql::SqlSession& session, const arrow::RecordBatch& rows,
                  const catalog::TableContract& contract);
    std::uint64_t rows() const { return rows_; }

private:
    Result<std::shared_ptr<arrow::RecordBatch>> shape(const arrow::RecordBatch& rows,
                                                      const catalog::TableContract& contract) const;

    HistoryTable history_;
    std::set<std::uint32_t> before_ids_;
    std::uint64_t rows_ = 0;
};

}  // namespace weir::warehouse
