#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/capture_stage.h"
#include "app/commands.h"
#include "app/pipeline.h"
#include "app/start_check.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/source_identity.h"
#include "capture/postgres/table_discovery.h"
#include "capture/postgres/table_lock.h"

namespace weir::app {
namespace {

using capture::postgres::Connection;
using capture::postgres::SourceIdentity;

/// Fails unless the source's log is lost to the pipeline.
Status check_is_lost(const Configuration& configuration, const ledger::PipelineState& state) {
    if (needs_snapshot(state) || configuration.snapshot_only) {
        return fail(ErrorKind::invalid,
                    "nothing of the source's log has landed, so none is lost; `weir run` begins");
    }
    Status goes_on = check_source_log(configuration, state);
    if (goes_on) {
        return fail(
            ErrorKind::invalid,
            "the source's log goes on from the ledger, so there is nothing to repair; `weir "
            "snapshot` reads tables again");
    }
    return goes_on.error().kind() == ErrorKind::corrupt ? Status() : goes_on;
}

/// A new slot in place of the lost one.
Result<ledger::LogLost> begin_log(const Configuration& configuration,
                                  const ledger::PipelineState& state,
                                  const capture::postgres::ServerWait& wait) {
    TRY_LET(Connection session, Connection::open(configuration.source_url));
    TRY(capture::postgres::limit_lock_wait(session, configuration.lock_wait));
    TRY_LET(Connection replication,
            Connection::open(configuration.source_url, Connection::Mode::replication));
    TRY_LET(const SourceIdentity source, capture::postgres::identify_source(replication));
    TRY_LET(const auto tables,
            capture::postgres::TableDiscovery(session).find_tables(
                configuration.tables, configuration.exclude, captured_tables(state)));
    TRY(capture::postgres::publish_tables(session, configuration.publication, tables));
    TRY(capture::postgres::drop_slot(session, configuration.slot));
    TRY_LET(const auto made,
            capture::postgres::create_slot(replication, session, configuration.slot, wait));
    return ledger::LogLost{.before = state.position,
                           .position = made.position,
                           .source = {.system = source.system,
                                      .timeline = source.timeline,
                                      .timeline_begin = source.timeline_begin}};
}

}  // namespace

// If this ends between the slot and the entry, the slot is ahead of the ledger: repeat it.
Status repair(CommandContext& context) {
    const SystemClock clock;
    TRY_LET(const Configuration configuration, read_configuration(context.configuration));
    TRY_LET(const auto pipeline, Pipeline::open(configuration, clock));
    TRY_LET(StageHold hold, StageHold::take(*pipeline, ledger::Stage::capture));
    TRY(check_is_lost(configuration, hold.state));
    TRY_LET(const ledger::LogLost lost,
            begin_log(configuration, hold.state,
                      {.tell = [&](const Error& error) { context.report.error(error); },
                       .stop = context.stop.get_token(),
                       .longest = configuration.slot_wait}));
    std::vector<ledger::EntryBody> entries{lost};
    for (const auto& [table, contract] : hold.state.current_contracts()) {
        entries.emplace_back(ledger::TableSetAside{
            .table = table, .reason = change::AsideReason::lost, .detail = {}, .chunks = 0});
    }
    auto place = place_of(*pipeline, hold);
    TRY(landing::commit(place, entries));
    context.report.line(
        fmt::format("the log after position {} is lost; it goes on at {}. {} tables will be read "
                    "again by `weir "
                    "run`, and what the warehouse has otherwise is repaired",
                    lost.before.to_string(), lost.position.to_string(), entries.size() - 1));
    context.report.result({{"before", lost.before.to_string()},
                           {"position", lost.position.to_string()},
                           {"tables", entries.size() - 1}});
    return {};
}

}  // namespace weir::app
