#include "app/start_check.h"

#include "app/capture_stage.h"
#include "app/load_stage.h"
#include "capture/postgres/replication_slot.h"

namespace weir::app {
namespace {

Status compare_slot(Pipeline& pipeline, const ledger::PipelineState& state) {
    const Configuration& configuration = pipeline.configuration();
    if (configuration.snapshot_only || needs_snapshot(state)) {
        return {};
    }
    auto source = capture::postgres::Connection::open(configuration.source_url);
    if (!source) {
        return {};
    }
    Status checked = capture::postgres::check_slot(*source, configuration.slot, state.position);
    return checked || checked.error().kind() != ErrorKind::corrupt ? Status() : checked;
}

Status compare_warehouse(Pipeline& pipeline, const ledger::PipelineState& state) {
    const auto file = pipeline.folders().warehouse_file();
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        return {};
    }
    const auto database = sql::DuckDbDatabase::open(file, {});
    if (!database) {
        return {};
    }
    TRY_LET(const auto session, database->connect());
    TRY_LET(auto warehouse, warehouse::Warehouse::open(*session, pipeline.clock(), {}));
    TRY_LET(const ledger::CutNumber stands, warehouse.current_cut());
    return check_not_ahead(stands, state);
}

}  // namespace

Status compare_at_start(Pipeline& pipeline) {
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline.ledger()));
    TRY(compare_slot(pipeline, state));
    return compare_warehouse(pipeline, state);
}

}  // namespace weir::app
