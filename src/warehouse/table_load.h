#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"
#include "warehouse/load.h"
#include "warehouse/processing_rows.h"

namespace weir::warehouse {

class Stage;

/// Brings one table's part of a load into its history, in the caller's transaction. The arguments
/// outlive it.
class TableLoad {
public:
    /// `history` is at least as new as every contract of the load.
    TableLoad(sql::SqlSession& session, ProcessingFiles& files, const Load& load,
              const HistoryTable& history);

    Result<TableCounts> run();

private:
    /// Calls `take(batch, contract)` for every batch of the table's files in this cut.
    template <typename Take>
    Status read_cut(const RefinedFiles& cut, Take take);
    template <typename Take>
    Status read_file(const RefinedFile& file, const catalog::TableContract& contract, Take take);
    Result<const catalog::TableContract*> find_contract(catalog::SchemaVersion version) const;

    Result<bool> has_history();
    Status load_snapshot(const RefinedFiles& cut);
    Status check_snapshot_keys();
    Status load_changes(std::size_t first_cut);
    Status read_returned(Stage& stage);
    Status fill_missing_values();
    Status forget_seen_changes();
    Status repair();
    bool has_key() const;
    const catalog::TableContract& newest_contract() const;
    Status put_in_order();
    Status merge_segments();
    Status merge(const catalog::TableContract& contract, std::int64_t segment);
    Status truncate(std::int64_t segment);

    sql::SqlSession& session_;
    ProcessingFiles& files_;
    const Load& load_;
    const HistoryTable& history_;
    bool pieced_ = false;    // The load's cut is an attempt's, and of this table more than rows.
    bool returned_ = false;  // The load's cut brings the table back.
    bool repairs_ = false;   // History has rows of it.
    TableCounts counts_;
};

}  // namespace weir::warehouse
