#include "app/start_check.h"

#include "app/capture_stage.h"
#include "app/load_stage.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/source_identity.h"

namespace weir::app {
namespace {

using capture::postgres::Connection;

Status compare_source(Pipeline& pipeline, const ledger::PipelineState& state) {
    Status checked = check_source_log(pipeline.configuration(), state);
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

Status check_source_log(const Configuration& configuration, const ledger::PipelineState& state) {
    if (configuration.snapshot_only || needs_snapshot(state)) {
        return {};
    }
    TRY_LET(auto replication,
            Connection::open(configuration.source_url, Connection::Mode::replication));
    TRY(capture::postgres::check_log(replication, known_source(state), state.position));
    return capture::postgres::check_slot(replication, configuration.slot, state.position);
}

Status compare_at_start(Pipeline& pipeline) {
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline.ledger()));
    TRY(compare_source(pipeline, state));
    return compare_warehouse(pipeline, state);
}

}  // namespace weir::app
