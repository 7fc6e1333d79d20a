#include "app/load_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "app/operate.h"
#include "sql/read_only.h"
#include "warehouse/stored_processing_files.h"

namespace weir::app {
namespace {

constexpr std::uint64_t rows_per_load_max = 2'000'000;
constexpr std::string_view warehouse_name = "duckdb";

/// The folder whose processing files the warehouse itself can read; empty if there is none.
std::string readable_folder(const Pipeline& pipeline) {
    const Configuration& configuration = pipeline.configuration();
    return pipeline.parquet_keys() == nullptr && !configuration.is_on_s3() ? configuration.store
                                                                           : std::string();
}

}  // namespace

Result<std::unique_ptr<LoadStage>> LoadStage::open(Pipeline& pipeline, OnLoad on_load) {
    TRY_LET(StageHold hold, StageHold::take(pipeline, ledger::Stage::load));
    std::unique_ptr<LoadStage> stage(new LoadStage(pipeline, std::move(hold), std::move(on_load)));
    TRY(stage->open_warehouse());
    return stage;
}

Status LoadStage::open_warehouse() {
    if (warehouse_) {
        return {};
    }
    Status opened = open_and_compare();
    if (!opened) {
        release_warehouse();  // So that the next try finds the file free.
    }
    return opened;
}

Status LoadStage::open_and_compare() {
    {
        const std::scoped_lock lock(database_mutex_);
        TRY_LET(database_,
                sql::DuckDbDatabase::open(
                    pipeline_.folders().warehouse_file(),
                    {.memory_limit = "2GB", .temp_directory = pipeline_.folders().spool}));
        TRY_LET(auto session, database_->connect());
        session_ = pipeline_.loading_session(std::move(session));
    }
    database_opened_.notify_all();
    TRY_LET(warehouse::Warehouse opened,
            warehouse::Warehouse::open(*session_, pipeline_.clock(),
                                       {.store_folder = readable_folder(pipeline_)}));
    warehouse_.emplace(std::move(opened));
    return compare_with_ledger();
}

void LoadStage::release_warehouse() {
    warehouse_.reset();
    session_.reset();
    const std::scoped_lock lock(database_mutex_);  // Waits for an answer that is on its way.
    database_.reset();
}

Result<sql::Rows> LoadStage::answer(const std::string& statement, const std::stop_token& stop) {
    std::unique_lock lock(database_mutex_);
    if (!database_opened_.wait(lock, stop, [this] { return database_.has_value(); })) {
        return fail(ErrorKind::cancelled, "weir is stopping; ask again once it has");
    }
    TRY_LET(const auto session, database_->connect());
    TRY_LET(sql::Rows rows, sql::query_read_only(*session, statement));
    TRY(record_data_read(pipeline_, statement, rows.rows.size()));
    return rows;
}

Status LoadStage::compare_with_ledger() {
    TRY(ledger::catch_up(hold_.state, pipeline_.ledger()));
    TRY_LET(const ledger::CutNumber stands, warehouse_->current_cut());
    TRY(check_not_ahead(stands, hold_.state));
    if (stands > hold_.state.loaded) {
        // A load committed, and the process died before it could say so.
        const ledger::CutsLoaded loaded{
            .from = hold_.state.loaded, .to = stands, .warehouse = std::string(warehouse_name)};
        TRY(pipeline_.ledger().append(hold_.lease, std::vector<ledger::EntryBody>{loaded}));
        return ledger::catch_up(hold_.state, pipeline_.ledger());
    }
    return {};
}

Result<warehouse::RefinedFiles> LoadStage::refined_files(const ledger::RefinedCut& cut) {
    const ledger::CutNumber number = cut.entry.cut;
    warehouse::RefinedFiles refined{.cut = number, .files = {}};
    TRY_LET(const auto files, pipeline_.ledger().read_files(cut.entry.files));
    for (const ledger::DataFile& file : files) {
        if (!hold_.state.is_aside(file.table, number)) {
            refined.files.push_back(
                {.file = file, .key = ledger::stored_key(file.path, cut.epoch)});
        }
    }
    const auto landed = hold_.state.landed.find(number);
    if (landed != hold_.state.landed.end() && landed->second.entry.snapshot_attempt) {
        refined.snapshot = true;
        TRY_LET(refined.pieced, pieced_tables(landed->second));
        TRY(bring_back(refined, landed->second));
    }
    return refined;
}

/// Adds what the tables that come back have changed since they were set aside.
Status LoadStage::bring_back(warehouse::RefinedFiles& cut, const ledger::LandedCut& landed) {
    cut.reading = {.position = landed.reading.position, .time = landed.reading.time};
    ledger::CutNumber first = cut.cut;
    for (const auto& [table, since] : landed.returned) {
        cut.returned[table] = {};
        first = std::min(first, since);
    }
    for (auto before = hold_.state.refined.lower_bound(first);
         before != hold_.state.refined.end() && before->first < cut.cut; ++before) {
        TRY_LET(const auto files, pipeline_.ledger().read_files(before->second.entry.files));
        for (const ledger::DataFile& file : files) {
            const auto since = landed.returned.find(file.table);
            if (since != landed.returned.end() && since->second <= before->first) {
                cut.returned[file.table].push_back(
                    {.file = file, .key = ledger::stored_key(file.path, before->second.epoch)});
            }
        }
    }
    return {};
}

/// The tables of a snapshot's cut that are not one reading's rows alone.
Result<std::set<catalog::TableName>> LoadStage::pieced_tables(const ledger::LandedCut& landed) {
    std::set<catalog::TableName> tables = landed.pieced;
    TRY_LET(const auto files, pipeline_.ledger().read_files(landed.entry.files));
    for (const ledger::DataFile& file : files) {
        tables.insert(file.table);
    }
    return tables;
}

Result<warehouse::Load> LoadStage::next_load(ledger::CutNumber from) {
    warehouse::Load load{.from = from, .to = from, .cuts = {}, .contracts = {}};
    std::uint64_t rows = 0;
    for (auto next = hold_.state.refined.upper_bound(from);
         next != hold_.state.refined.end() && rows < rows_per_load_max; ++next) {
        TRY_LET(warehouse::RefinedFiles files, refined_files(next->second));
        if (files.snapshot && !load.cuts.empty()) {
            break;  // An attempt's cut is a load of its own.
        }
        load.to = next->first;
        rows += next->second.entry.refined;
        load.cuts.push_back(std::move(files));
        if (load.cuts.back().snapshot || load.to == hold_.state.loaded) {
            break;
        }
    }
    TRY(add_contracts(load));
    return load;
}

Status LoadStage::add_contracts(warehouse::Load& load) {
    std::set<std::pair<catalog::TableName, catalog::SchemaVersion>> versions;
    for (const warehouse::RefinedFiles& cut : load.cuts) {
        for (const warehouse::RefinedFile& refined : cut.files) {
            versions.insert({refined.file.table, refined.file.schema_version});
        }
        for (const auto& [table, files] : cut.returned) {
            for (const warehouse::RefinedFile& refined : files) {
                versions.insert({table, refined.file.schema_version});
            }
        }
    }
    for (const auto& [name, entry] : hold_.state.current_contracts()) {
        versions.insert({name, entry.version});  // Tables without rows get their views, too.
    }
    for (const auto& version : versions) {
        const auto entry = hold_.state.contracts.find(version);
        if (entry == hold_.state.contracts.end()) {
            return fail(ErrorKind::corrupt,
                        "a file has a schema version without an entry, table={}",
                        version.first.to_string());
        }
        TRY_LET(catalog::TableContract contract, pipeline_.ledger().read_contract(entry->second));
        TRY_LET(auto refined, refined_contract(std::move(contract), pipeline_.declared_types()));
        load.contracts.push_back(std::move(refined));
    }
    return {};
}

Status LoadStage::load_next(ledger::CutNumber from) {
    TRY_LET(const warehouse::Load load, next_load(from));
    TRY(warehouse_->prepare(load.contracts));
    warehouse::StoredProcessingFiles files(pipeline_.store(), pipeline_.parquet_keys());
    TRY_LET(const warehouse::LoadReport report, warehouse_->load(load, files));
    if (load.to <= hold_.state.loaded) {
        return {};  // An older warehouse was put back: the ledger knows these loads.
    }
    const ledger::CutsLoaded loaded{.from = load.from,
                                    .to = load.to,
                                    .warehouse = std::string(warehouse_name),
                                    .rows = report.rows};
    TRY(pipeline_.ledger().append(hold_.lease, std::vector<ledger::EntryBody>{loaded}));
    TRY(ledger::catch_up(hold_.state, pipeline_.ledger()));
    if (on_load_) {
        on_load_(loaded);
    }
    return {};
}

Result<ledger::CutNumber> LoadStage::run(const std::stop_token& stop) {
    TRY(open_warehouse());
    TRY(ledger::catch_up(hold_.state, pipeline_.ledger()));
    const ledger::CutNumber waiting = hold_.state.last_refined();  // More may come all the time.
    TRY_LET(ledger::CutNumber stands, warehouse_->current_cut());
    while (stands < waiting && !stop.stop_requested()) {
        TRY(load_next(stands));
        TRY_LET(stands, warehouse_->current_cut());
    }
    return stands;
}

Status check_not_ahead(ledger::CutNumber warehouse, const ledger::PipelineState& state) {
    if (warehouse > state.last_refined()) {
        return fail(ErrorKind::corrupt,
                    "the warehouse is ahead of the ledger: it belongs to another ledger, or the "
                    "ledger was restored from an old copy, warehouse={}, ledger={}",
                    warehouse.value, state.last_refined().value);
    }
    return {};
}

Result<std::shared_ptr<const catalog::TableContract>> refined_contract(
    catalog::TableContract contract, const refine::DeclaredTypes& declared) {
    for (catalog::Column& column : contract.columns) {
        TRY_LET(column.landed_type,
                refine::refined_type(column, declared.find(contract.name, column.name)));
    }
    return std::make_shared<const catalog::TableContract>(std::move(contract));
}

}  // namespace weir::app
