#include "app/capture_stage.h"

#include <fmt/format.h>

#include "app/partition_watch.h"
#include "app/protection.h"
#include "app/retry.h"
#include "capture/postgres/postgres_snapshot.h"
#include "capture/postgres/postgres_source.h"
#include "capture/postgres/postgres_tables.h"
#include "capture/postgres/replication_slot.h"
#include "landing/land_window.h"

namespace weir::app {
namespace {

using capture::postgres::Connection;
using capture::postgres::PostgresSnapshot;
using capture::postgres::PostgresSource;
using capture::postgres::PostgresTables;
using capture::postgres::SourceIdentity;

/// Writes down whose log is captured, if the ledger does not say so yet.
Status record_source(Pipeline& pipeline, StageHold& hold, const SourceIdentity& source) {
    if (known_source(hold.state) == source) {
        return {};
    }
    auto place = place_of(pipeline, hold);
    return landing::commit(place,
                           {ledger::SourceIdentified{.system = source.system,
                                                     .timeline = source.timeline,
                                                     .timeline_begin = source.timeline_begin}});
}

Status record_source_of_snapshot(Pipeline& pipeline, StageHold& hold) {
    if (pipeline.configuration().snapshot_only) {
        return {};  // Nothing follows it, and its role may have no access to the log.
    }
    TRY_LET(auto replication,
            Connection::open(pipeline.configuration().source_url, Connection::Mode::replication));
    TRY_LET(const SourceIdentity source, capture::postgres::identify_source(replication));
    return record_source(pipeline, hold, source);
}

landing::ChunkOptions chunk_options(const Pipeline& pipeline, const CaptureWork& work) {
    const Configuration& configuration = pipeline.configuration();
    return {.workers = static_cast<std::size_t>(configuration.snapshot_workers),
            // Without the log nothing tells what became of the source between two readings.
            .hold = configuration.snapshot_only ? std::chrono::milliseconds(0)
                                                : configuration.snapshot_hold,
            .part_size = {},
            .on_chunk = work.on_chunk,
            .on_unreadable = work.on_unreadable};
}

/// Lands chunks in one reading: the first, or one that goes on with what earlier ones have begun,
/// if that may be.
Status read_snapshot(Pipeline& pipeline, StageHold& hold, const CaptureWork& work, bool may_resume,
                     const std::stop_token& stop) {
    const auto workers = static_cast<std::size_t>(pipeline.configuration().snapshot_workers);
    const auto mode = pipeline.configuration().snapshot_only ? PostgresSnapshot::Mode::snapshot_only
                                                             : PostgresSnapshot::Mode::with_slot;
    const auto source_before = known_source(hold.state);
    TRY(record_source_of_snapshot(pipeline, hold));
    TRY_LET(const auto known, newest_contracts(hold.state, pipeline.ledger()));
    capture::postgres::PostgresOptions options = source_options(pipeline.configuration());
    options.wait.tell = work.on_hold_up;
    options.wait.stop = stop;
    std::unique_ptr<PostgresSnapshot> snapshot;
    const auto progress = landing::snapshot_progress(hold.state);
    if (may_resume && progress && mode == PostgresSnapshot::Mode::with_slot &&
        source_before == known_source(hold.state)) {
        TRY_LET(snapshot, PostgresSnapshot::resume(options, workers, known, *progress));
    }
    if (snapshot == nullptr) {
        TRY_LET(snapshot, PostgresSnapshot::begin(options, mode, workers, known));
    }
    TRY_LET(const auto partitions, snapshot->partitions());
    TRY(PartitionNotes(pipeline.folders().run).begin(partitions));
    return landing::land_snapshot(place_of(pipeline, hold), *snapshot,
                                  chunk_options(pipeline, work), work.on_cut, stop);
}

Result<std::unique_ptr<PostgresSource>> open_source(Pipeline& pipeline, StageHold& hold,
                                                    const CaptureWork& work,
                                                    change::Position position, bool binary = true) {
    TRY_LET(const auto contracts, newest_contracts(hold.state, pipeline.ledger()));
    auto source_of_ledger = source_options(pipeline.configuration());
    source_of_ledger.known = known_source(hold.state);
    source_of_ledger.on_notice = work.on_notice;
    source_of_ledger.binary = source_of_ledger.binary && binary;
    TRY_LET(auto source,
            PostgresSource::open(source_of_ledger, position, contracts, pipeline.clock()));
    TRY(record_source(pipeline, hold, source->identity()));
    return source;
}

landing::StreamOptions stream_options(const Pipeline& pipeline, const CaptureWork& work) {
    landing::StreamOptions options;
    options.spill_folder = pipeline.folders().spool;
    options.on_cut = work.on_cut;
    return options;
}

/// All chunks have landed, and the cut that makes them count has not.
Status close_snapshot(Pipeline& pipeline, StageHold& hold, const CaptureWork& work,
                      const std::stop_token& stop) {
    if (!hold.state.resumed) {
        return landing::land_snapshot_cut(place_of(pipeline, hold), work.on_cut);
    }
    TRY_LET(const auto source,
            open_source(pipeline, hold, work, hold.state.snapshot->reading.position));
    return landing::land_window(place_of(pipeline, hold), *source, stream_options(pipeline, work),
                                stop);
}

/// Whether the log is still there that the cut of several readings needs.
Result<bool> log_goes_on(const Pipeline& pipeline, const StageHold& hold) {
    const auto& configuration = pipeline.configuration();
    const change::Position begin = hold.state.snapshot->reading.position;
    TRY_LET(auto replication,
            Connection::open(configuration.source_url, Connection::Mode::replication));
    const auto log = capture::postgres::check_log(replication, known_source(hold.state), begin);
    const Status slot = log ? capture::postgres::check_slot(replication, configuration.slot, begin)
                            : Status(std::unexpected(log.error()));
    if (!slot && slot.error().kind() == ErrorKind::corrupt) {
        return false;
    }
    TRY(slot);
    return true;
}

/// Reads until the snapshot's cut has landed: one reading, or as many as it takes.
Status capture_snapshot(Pipeline& pipeline, StageHold& hold, const CaptureWork& work,
                        const std::stop_token& stop) {
    while (needs_snapshot(hold.state)) {
        const bool whole = hold.state.snapshot_complete();
        bool goes_on = true;
        if (whole && hold.state.resumed) {
            TRY_LET(goes_on, log_goes_on(pipeline, hold));
        }
        TRY(whole && goes_on ? close_snapshot(pipeline, hold, work, stop)
                             : read_snapshot(pipeline, hold, work, goes_on, stop));
    }
    return {};
}

capture::postgres::PostgresOptions table_options(const Pipeline& pipeline,
                                                 const CaptureWork& work) {
    capture::postgres::PostgresOptions options = source_options(pipeline.configuration());
    options.wait.tell = work.on_hold_up;
    return options;
}

/// What the log did not tell of partitions is known once their table was read again. A note that
/// stays is no harm.
void forget_untold(PartitionNotes& notes, const ledger::PipelineState& state,
                   ledger::CutNumber cut) {
    for (const auto& [table, since] : state.landed.at(cut).returned) {
        static_cast<void>(notes.forget(table));
    }
}

/// Reads the log to the work's end, each cut as `watch` says.
Status land_log(Pipeline& pipeline, StageHold& hold, const CaptureWork& work,
                PostgresSource& source, PartitionWatch& watch, PartitionNotes& notes,
                const std::stop_token& stop) {
    landing::StreamOptions options = stream_options(pipeline, work);
    options.on_cut = [&](const landing::CutReport& report) {
        forget_untold(notes, hold.state, report.cut);
        if (work.on_cut) {
            work.on_cut(report);
        }
    };
    if (work.until_current) {
        TRY_LET(options.until, source.source_end());
    }
    const landing::ChunkOptions chunks = chunk_options(pipeline, work);
    PostgresTables tables(table_options(pipeline, work), chunks.workers,
                          captured_tables(hold.state));
    if (work.recorded_ends.empty()) {
        options.tables = &tables;
        options.readings = {.chunks = chunks,
                            .look_every = pipeline.configuration().look_for_tables,
                            .ends_at_error = work.until_current,
                            .on_wait = work.on_wait};
    }
    return landing::land_stream(place_of(pipeline, hold), source, watch, options, stop);
}

Status follow_log(Pipeline& pipeline, StageHold& hold, const CaptureWork& work,
                  PostgresSource& source, const std::stop_token& stop) {
    landing::IntervalBoundary intervals(
        pipeline.clock(), {.interval = pipeline.configuration().cut_interval,
                           .decoded_bytes_max = pipeline.configuration().cut_bytes_max});
    landing::RecordedBoundary recorded(work.recorded_ends);
    PartitionNotes notes(pipeline.folders().run);
    PartitionWatch watch(
        work.recorded_ends.empty() ? static_cast<landing::CutSchedule&>(intervals) : recorded,
        source, notes, pipeline.clock(), work.on_notice);
    watch.begin();
    TRY(land_log(pipeline, hold, work, source, watch, notes, stop));
    if (work.until_current && !stop.stop_requested()) {
        watch.end();
    }
    return {};
}

/// Begins in binary, and again in text if a column comes whose values have to be read so: the
/// catalog may know nothing of it any more.
Status capture_stream(Pipeline& pipeline, StageHold& hold, const CaptureWork& work,
                      const std::stop_token& stop) {
    for (const bool binary : {true, false}) {
        TRY_LET(const auto source, open_source(pipeline, hold, work, hold.state.position, binary));
        Status done = follow_log(pipeline, hold, work, *source, stop);
        if (done || !source->needs_text()) {
            return done;
        }
    }
    return {};
}

Status capture_once(Pipeline& pipeline, const CaptureWork& work, const std::stop_token& stop) {
    TRY_LET(StageHold hold, StageHold::take(pipeline, ledger::Stage::capture));
    if (needs_snapshot(hold.state)) {
        TRY(capture_snapshot(pipeline, hold, work, stop));
    }
    if (pipeline.configuration().snapshot_only || stop.stop_requested()) {
        return {};
    }
    return capture_stream(pipeline, hold, work, stop);
}

}  // namespace

Status capture(Pipeline& pipeline, const CaptureWork& work, const std::stop_token& stop) {
    TRY(check_plaintext(pipeline.configuration()));
    const auto once = [&] { return capture_once(pipeline, work, stop); };
    return work.until_current || !work.on_wait ? once()
                                               : retry(once, work.on_wait, pipeline.clock(), stop);
}

Error set_aside(const change::UnreadableTable& table) {
    return {ErrorKind::invalid,
            fmt::format("a table cannot be read and is set aside; the others go on, table={}: {}",
                        table.name.to_string(), table.reason)};
}

landing::LandingPlace place_of(Pipeline& pipeline, StageHold& hold) {
    return {.store = pipeline.store(),
            .ledger = pipeline.ledger(),
            .lease = hold.lease,
            .state = hold.state,
            .clock = pipeline.clock(),
            .keys = pipeline.parquet_keys()};
}

std::optional<SourceIdentity> known_source(const ledger::PipelineState& state) {
    if (!state.source) {
        return std::nullopt;
    }
    return SourceIdentity{.system = state.source->system,
                          .timeline = state.source->timeline,
                          .timeline_begin = state.source->timeline_begin};
}

bool needs_snapshot(const ledger::PipelineState& state) {
    return state.landed.empty();
}

std::set<catalog::TableName> captured_tables(const ledger::PipelineState& state) {
    std::set<catalog::TableName> names;
    for (const auto& [name, entry] : state.current_contracts()) {
        names.insert(name);
    }
    return names;
}

Result<std::vector<std::shared_ptr<const catalog::TableContract>>> newest_contracts(
    const ledger::PipelineState& state, const ledger::Ledger& ledger) {
    std::vector<std::shared_ptr<const catalog::TableContract>> contracts;
    for (const auto& [name, entry] : state.current_contracts()) {
        TRY_LET(catalog::TableContract contract, ledger.read_contract(entry));
        contracts.push_back(std::make_shared<const catalog::TableContract>(std::move(contract)));
    }
    return contracts;
}

}  // namespace weir::app
