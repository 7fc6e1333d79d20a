#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/table_contract.h"
#include "ledger/entry.h"
#include "sql/sql_session.h"
#include "warehouse/load.h"
#include "warehouse/processing_rows.h"

namespace weir::warehouse {

struct WarehouseOptions {
    /// The local folder that processing files' paths begin at; empty: no views of changes.
    std::string store_folder = {};
};

/// The loaded tables of one pipeline (docs/formats/warehouse.md). One thread at a time. Session and
/// clock outlive it. What a method did is committed when it returns without an error, and not
/// there if it fails; after `in_doubt`, open again and ask `current_cut`.
class Warehouse {
public:
    /// Makes `weir_ops` if it is not there.
    static Result<Warehouse> open(sql::SqlSession& session, const Clock& clock,
                                  WarehouseOptions options);

    /// Makes or evolves the history table and the views of each contract, the newest of each table
    /// last. Call it before the load of the first file of a version; repeating it changes nothing.
    /// Fails with `unsupported` if a change of type cannot be followed, or if two tables would have
    /// one name here.
    Status prepare(const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts);

    /// Loads all cuts after `load.from` up to `load.to` in one transaction. Fails with `conflict`
    /// if the warehouse does not stand at `load.from`, or another loader is at it; with `corrupt`
    /// if files are not what the ledger says. After success the caller appends `cuts loaded`.
    Result<LoadReport> load(const Load& load, ProcessingFiles& files);

    /// Returns the last cut that is loaded; 0 before the first.
    Result<ledger::CutNumber> current_cut();

    /// Runs one statement in a read-only transaction.
    Result<sql::Rows> query(std::string_view statement);

    /// Returns a SELECT of the table as it was at the end of a cut, with the current view's
    /// columns. `contract` is the newest of its table. Fails with `not_found`.
    Result<std::string> as_of(const catalog::TableContract& contract, ledger::CutNumber cut);

private:
    Warehouse(sql::SqlSession& session, const Clock& clock, WarehouseOptions options)
        : session_(session), clock_(clock), options_(std::move(options)) {}

    Status prepare_table(const catalog::TableContract& contract);
    Status check_names(const catalog::TableName& name);
    Status advance_cut(const Load& load);
    Result<TableCounts> load_table(const Load& load, const catalog::TableName& table,
                                   ProcessingFiles& files);
    Status record_files(const Load& load, const catalog::TableName& table);
    Status replace_changes_view(const Load& load, const catalog::TableName& table);
    Status record_load(const Load& load, const LoadReport& report, Timestamp started,
                       double seconds);

    sql::SqlSession& session_;
    const Clock& clock_;
    WarehouseOptions options_;
};

}  // namespace weir::warehouse
