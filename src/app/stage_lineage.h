#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "app/configuration.h"
#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/source_address.h"
#include "catalog/table_contract.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"
#include "lineage/lineage_reporter.h"

namespace weir::app {

/// Tells OpenLineage what this process' stages did, from what the ledger says they committed. In
/// `weir run` a stage is told of once a minute. Any thread may call it.
class StageLineage {
public:
    /// Entries that the ledger has now are somebody else's work. Fails with `invalid` if the
    /// environment names a parent run that is none. `ledger` and `clock` outlive it.
    static Result<std::unique_ptr<StageLineage>> open(const Configuration& configuration,
                                                      ledger::Ledger& ledger, const Clock& clock);

    /// Tells what capture, refine or load has appended since the last call, as a batch that began
    /// at `started`; nothing if it moved no rows.
    Status committed(ledger::Stage stage, Timestamp started);
    /// Tells of a batch that the ledger knows too little of: models and checks.
    Status completed(lineage::StageBatch batch);
    /// Tells that a batch failed, at once, after what the stage had committed until then.
    Status failed(ledger::Stage stage, Timestamp started, const Error& error);
    /// Tells what has waited its minute; call it now and then while stages are idle.
    Status tick();
    /// Tells everything that waits for its minute.
    Status flush();

private:
    struct Moved {
        catalog::SchemaVersion version{};
        lineage::Statistics statistics;
    };
    using MovedTables = std::map<catalog::TableName, Moved>;

    StageLineage(const Configuration& configuration, capture::postgres::SourceAddress source,
                 lineage::LineageReporter reporter, ledger::Ledger& ledger, const Clock& clock);

    Status tell_committed(ledger::Stage stage, Timestamp started);
    Status follow();
    Result<MovedTables> moved_by(const std::vector<ledger::EntryBody>& bodies) const;
    Status add(ledger::Stage stage, const catalog::TableName& table, const Moved& moved,
               lineage::StageBatch& batch);
    /// Reads a contract once: every batch has the same few.
    Result<const catalog::TableContract*> contract_of(const catalog::TableName& table,
                                                      catalog::SchemaVersion version);
    lineage::Dataset dataset_before(ledger::Stage stage, const catalog::TableName& table) const;
    lineage::Dataset dataset_after(ledger::Stage stage, const catalog::TableName& table) const;
    lineage::Dataset folder(const char* zone, const catalog::TableName& table) const;

    const Configuration& configuration_;
    const capture::postgres::SourceAddress source_;
    ledger::Ledger& ledger_;
    const Clock& clock_;
    const ledger::TreeSize begin_;
    std::mutex mutex_;
    // All guarded by mutex_.
    lineage::LineageReporter reporter_;
    ledger::PipelineState state_;
    std::map<ledger::Stage, std::vector<ledger::EntryBody>> waiting_;
    std::map<std::pair<catalog::TableName, catalog::SchemaVersion>, catalog::TableContract>
        contracts_;
};

}  // namespace weir::app
