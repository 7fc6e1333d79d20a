#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/configuration.h"
#include "app/data_keys.h"
#include "app/stage_errors.h"
#include "app/stage_lineage.h"
#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/postgres_options.h"
#include "ledger/ledger.h"
#include "ledger/note_key.h"
#include "ledger/pipeline_state.h"
#include "refine/declared_type.h"
#include "sql/sql_session.h"
#include "store/file_lock.h"
#include "store/object_store.h"

namespace weir::app {

/// The folders of a pipeline that are no objects (docs/architecture.md).
struct PipelineFolders {
    explicit PipelineFolders(const std::filesystem::path& state);

    std::filesystem::path state, keys, run, spool, warehouse, published, lineage, models;

    std::filesystem::path ledger_key() const { return keys / "ledger.key"; }
    std::filesystem::path quarantine_key() const { return keys / "quarantine.key"; }
    std::filesystem::path verify_mark() const { return run / "verified.json"; }
    std::filesystem::path query_socket() const { return run / "query.sock"; }
    std::filesystem::path warehouse_file() const { return warehouse / "warehouse.duckdb"; }
};

/// What a test puts in place of the neighbours that a configuration names.
struct Neighbours {
    std::unique_ptr<store::ObjectStore> store;
    /// Stands before the session that loads the warehouse; none: nothing does.
    std::function<std::unique_ptr<sql::SqlSession>(std::unique_ptr<sql::SqlSession>)>
        before_warehouse = {};
};

/// A pipeline whose ledger is open: what every stage needs, and nothing of any stage. The ledger
/// may be used by several threads; each stage keeps a state of its own.
class Pipeline {
public:
    /// Makes store, keys and ledger. Fails with `already_exists` if the store has a ledger, with
    /// `invalid` if a ledger is not safe there.
    static Status create(const Configuration& configuration, const Clock& clock);
    /// Fails with `not_found` if the store has no ledger. `clock` outlives the pipeline.
    static Result<std::unique_ptr<Pipeline>> open(const Configuration& configuration,
                                                  const Clock& clock);
    static Result<std::unique_ptr<Pipeline>> open(const Configuration& configuration,
                                                  const Clock& clock, Neighbours neighbours);
    /// Opens the store of a pipeline that exists. Fails as `open` does.
    static Result<std::unique_ptr<store::ObjectStore>> open_existing_store(
        const Configuration& configuration, const Clock& clock);

    /// Keeps other processes of this machine from a stage, or from `run`. Fails with
    /// `already_exists`, naming the process, if one has it.
    static Result<store::FileLock> lock(const std::filesystem::path& state, std::string_view stage);
    /// Fails with `already_exists`, naming the process, if somebody runs one of the stages.
    static Status check_idle(const Configuration& configuration);
    /// Removes all that weir keeps in store and state, and their folders if nothing else is there.
    static Status remove(const Configuration& configuration, const Clock& clock);

    const Configuration& configuration() const { return configuration_; }
    const PipelineFolders& folders() const { return folders_; }
    const Clock& clock() const { return clock_; }
    store::ObjectStore& store() { return *neighbours_.store; }
    /// Returns the session as the loading stage is to use it.
    std::unique_ptr<sql::SqlSession> loading_session(
        std::unique_ptr<sql::SqlSession> session) const;
    ledger::Ledger& ledger() { return *ledger_; }
    const ledger::SigningKey& key() const { return key_; }
    const refine::DeclaredTypes& declared_types() const { return configuration_.declared_types; }
    StageLineage& lineage() { return *lineage_; }
    StageErrors& errors() { return errors_; }
    /// The keys of landing and processing files; null if they are in the open.
    const columnar::ParquetKeys* parquet_keys() const {
        return data_keys_ == nullptr ? nullptr : &data_keys_->parquet();
    }

private:
    Pipeline(Configuration configuration, const Clock& clock, Neighbours neighbours,
             ledger::SigningKey key);

    Configuration configuration_;
    PipelineFolders folders_;
    const Clock& clock_;
    Neighbours neighbours_;
    ledger::SigningKey key_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::unique_ptr<StageLineage> lineage_;
    std::unique_ptr<DataKeys> data_keys_;
    StageErrors errors_;
};

/// Opens the store that a configuration names. `clock` outlives it.
Result<std::unique_ptr<store::ObjectStore>> open_store(const Configuration& configuration,
                                                       const Clock& clock);

/// How to reach the source that a configuration names.
capture::postgres::PostgresOptions source_options(const Configuration& configuration);

/// A stage that this process runs: the only one on this machine, with the newest lease.
struct StageHold {
    /// Fails with `already_exists`, naming the process that runs the stage.
    static Result<StageHold> take(Pipeline& pipeline, ledger::Stage stage);

    store::FileLock lock;
    ledger::Lease lease;
    ledger::PipelineState state;  // Caught up when taken.
};

}  // namespace weir::app
