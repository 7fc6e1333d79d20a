#include "app/stage_lineage.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "app/pipeline.h"
#include "warehouse/history_table.h"

namespace weir::app {
namespace {

using catalog::TableName;
using ledger::Stage;
using lineage::Dataset;

/// The lists of files that an entry made part of the data.
std::vector<ledger::FileList> files_of(const ledger::EntryBody& body,
                                       const ledger::PipelineState& state) {
    return std::visit(
        [&](const auto& entry) -> std::vector<ledger::FileList> {
            using Body = std::decay_t<decltype(entry)>;
            if constexpr (std::is_same_v<Body, ledger::CutsLoaded>) {
                std::vector<ledger::FileList> lists;
                const auto end = state.refined.upper_bound(entry.to);
                for (auto cut = state.refined.upper_bound(entry.from); cut != end; ++cut) {
                    lists.push_back(cut->second.entry.files);
                }
                return lists;
            } else if constexpr (requires { entry.files; }) {
                return {entry.files};
            } else {
                return {};
            }
        },
        body);
}

}  // namespace

Result<std::unique_ptr<StageLineage>> StageLineage::open(const Configuration& configuration,
                                                         ledger::Ledger& ledger,
                                                         const Clock& clock) {
    TRY_LET(auto parent,
            lineage::parent_from_environment([](const char* name) { return std::getenv(name); }));
    lineage::LineageReporter reporter(
        {.file = PipelineFolders(configuration.state).lineage / "events.ndjson",
         .job_namespace = configuration.pipeline,
         .release = WEIR_VERSION,
         .parent = std::move(parent)},
        clock);
    TRY_LET(auto source, capture::postgres::address_of(configuration.source_url));
    if (source.host.find_first_of("/@") != std::string::npos) {
        source.host = "localhost";  // A socket has no place in the name of a dataset.
    }
    return std::unique_ptr<StageLineage>(
        new StageLineage(configuration, std::move(source), std::move(reporter), ledger, clock));
}

StageLineage::StageLineage(const Configuration& configuration,
                           capture::postgres::SourceAddress source,
                           lineage::LineageReporter reporter, ledger::Ledger& ledger,
                           const Clock& clock)
    : configuration_(configuration),
      source_(std::move(source)),
      ledger_(ledger),
      clock_(clock),
      begin_(ledger.size()),
      reporter_(std::move(reporter)) {}

Status StageLineage::committed(Stage stage, Timestamp started) {
    const std::scoped_lock lock(mutex_);
    return tell_committed(stage, started);
}

Status StageLineage::tell_committed(Stage stage, Timestamp started) {
    TRY(follow());
    TRY_LET(const MovedTables tables, moved_by(std::exchange(waiting_[stage], {})));
    if (tables.empty()) {
        return {};
    }
    lineage::StageBatch batch{.stage = std::string(to_string(stage)),
                              .started = started,
                              .ended = clock_.now(),
                              .inputs = {},
                              .outputs = {}};
    for (const auto& [table, moved] : tables) {
        TRY(add(stage, table, moved, batch));
    }
    return reporter_.completed(std::move(batch));
}

Status StageLineage::completed(lineage::StageBatch batch) {
    const std::scoped_lock lock(mutex_);
    return reporter_.completed(std::move(batch));
}

Status StageLineage::failed(Stage stage, Timestamp started, const Error& error) {
    const std::scoped_lock lock(mutex_);
    TRY(tell_committed(stage, started));
    const lineage::StageBatch batch{.stage = std::string(to_string(stage)),
                                    .started = started,
                                    .ended = clock_.now(),
                                    .inputs = {},
                                    .outputs = {}};
    return reporter_.failed(batch, error);
}

Status StageLineage::tick() {
    const std::scoped_lock lock(mutex_);
    return reporter_.tick();
}

Status StageLineage::flush() {
    const std::scoped_lock lock(mutex_);
    return reporter_.flush();
}

/// Reads what is new in the ledger, and keeps for each stage what it has to tell.
Status StageLineage::follow() {
    TRY_LET(const auto entries, ledger_.read_from(state_.applied));
    for (const ledger::Entry& entry : entries) {
        const bool is_news = state_.applied.entries >= begin_.entries;
        TRY(state_.apply(entry));
        if (is_news && !files_of(entry.body, state_).empty()) {
            waiting_[entry.run.stage].push_back(entry.body);
        }
    }
    return {};
}

Result<StageLineage::MovedTables> StageLineage::moved_by(
    const std::vector<ledger::EntryBody>& bodies) const {
    MovedTables tables;
    for (const ledger::EntryBody& body : bodies) {
        for (const ledger::FileList& list : files_of(body, state_)) {
            TRY_LET(const auto files, ledger_.read_files(list));
            for (const ledger::DataFile& file : files) {
                Moved& moved = tables[file.table];
                moved.version = file.schema_version;
                moved.statistics.rows = moved.statistics.rows.value_or(0) + file.rows;
                moved.statistics.bytes = moved.statistics.bytes.value_or(0) + file.bytes;
            }
        }
    }
    return tables;
}

Status StageLineage::add(Stage stage, const TableName& table, const Moved& moved,
                         lineage::StageBatch& batch) {
    TRY_LET(const catalog::TableContract* contract, contract_of(table, moved.version));
    const Dataset input = lineage::with_fields(dataset_before(stage, table), *contract);
    Dataset output = lineage::with_fields(dataset_after(stage, table), *contract);
    output.statistics = moved.statistics;
    batch.outputs.push_back(lineage::with_identity(std::move(output), input));
    batch.inputs.push_back(input);
    return {};
}

Result<const catalog::TableContract*> StageLineage::contract_of(const TableName& table,
                                                                catalog::SchemaVersion version) {
    const auto known = contracts_.find({table, version});
    if (known != contracts_.end()) {
        return &known->second;
    }
    const auto entry = state_.contracts.find({table, version});
    if (entry == state_.contracts.end()) {
        return fail(ErrorKind::corrupt, "a file has a schema version without an entry, table={}",
                    table.to_string());
    }
    TRY_LET(catalog::TableContract contract, ledger_.read_contract(entry->second));
    return &contracts_.emplace(std::pair(table, version), std::move(contract)).first->second;
}

Dataset StageLineage::dataset_before(Stage stage, const TableName& table) const {
    switch (stage) {
        case Stage::refine: return folder("landing", table);
        case Stage::load: return folder("processing", table);
        default: break;
    }
    return lineage::postgres_dataset(source_.host, source_.port, source_.database, table);
}

Dataset StageLineage::dataset_after(Stage stage, const TableName& table) const {
    switch (stage) {
        case Stage::refine: return folder("processing", table);
        case Stage::load:
            return lineage::duckdb_dataset(
                PipelineFolders(configuration_.state).warehouse_file().string(),
                warehouse::history_name(table));
        default: return folder("landing", table);
    }
}

Dataset StageLineage::folder(const char* zone, const TableName& table) const {
    const std::string path = fmt::format("{}/{}", zone, table.to_string());
    if (configuration_.is_on_s3()) {
        return lineage::bucket_dataset(configuration_.s3.bucket, configuration_.s3.prefix, path);
    }
    return lineage::folder_dataset(fmt::format("{}/{}", configuration_.store, path));
}

}  // namespace weir::app
