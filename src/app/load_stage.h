#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "app/pipeline.h"
#include "sql/duckdb/duckdb_database.h"
#include "warehouse/warehouse.h"

namespace weir::app {

/// Loads what is refined into the embedded warehouse. Holds the stage while it lives, and the
/// warehouse's file between `open_warehouse` and `release_warehouse`. One thread, but for `answer`.
class LoadStage {
public:
    using OnLoad = std::function<void(const ledger::CutsLoaded&)>;

    static Result<std::unique_ptr<LoadStage>> open(Pipeline& pipeline, OnLoad on_load = {});

    /// Loads all cuts that wait now, some in each transaction, and returns the last one loaded.
    Result<ledger::CutNumber> run(const std::stop_token& stop);

    /// Opens the file if it is not open, and compares it with the ledger: behind is loaded again,
    /// ahead of what was refined is `corrupt`.
    Status open_warehouse();
    /// Lets go of the file, so that another process may open it.
    void release_warehouse();
    /// Runs one query on a session of its own, from any thread, and writes the reading to the
    /// ledger; waits while the file is let go. Fails with `cancelled` at a stop request.
    Result<sql::Rows> answer(const std::string& statement, const std::stop_token& stop);

    /// REQUIRES: the warehouse is open.
    warehouse::Warehouse& warehouse() { return *warehouse_; }
    sql::SqlSession& session() { return *session_; }

private:
    LoadStage(Pipeline& pipeline, StageHold hold, OnLoad on_load)
        : pipeline_(pipeline), hold_(std::move(hold)), on_load_(std::move(on_load)) {}

    Status open_and_compare();
    Status compare_with_ledger();
    Result<warehouse::Load> next_load(ledger::CutNumber from);
    Result<warehouse::RefinedFiles> refined_files(const ledger::RefinedCut& cut);
    Result<std::set<catalog::TableName>> pieced_tables(const ledger::LandedCut& landed);
    Status bring_back(warehouse::RefinedFiles& cut, const ledger::LandedCut& landed);
    Status add_contracts(warehouse::Load& load);
    Status load_next(ledger::CutNumber from);

    Pipeline& pipeline_;
    StageHold hold_;
    OnLoad on_load_;
    std::mutex database_mutex_;
    std::condition_variable_any database_opened_;
    std::optional<sql::DuckDbDatabase> database_;  // Guarded by database_mutex_.
    std::unique_ptr<sql::SqlSession> session_;
    std::optional<warehouse::Warehouse> warehouse_;
};

/// Fails with `corrupt` if the warehouse stands at a cut that the ledger does not have as refined.
Status check_not_ahead(ledger::CutNumber warehouse, const ledger::PipelineState& state);

/// Returns a contract with the types that its rows have once refined.
Result<std::shared_ptr<const catalog::TableContract>> refined_contract(
    catalog::TableContract contract, const refine::DeclaredTypes& declared);

}  // namespace weir::app
