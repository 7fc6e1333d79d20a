#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "app/pipeline.h"
#include "capture/postgres/source_identity.h"
#include "landing/land_snapshot.h"
#include "landing/land_stream.h"

namespace weir::app {

/// Captures and lands: first the snapshot, if the ledger has none that is whole, then the log and
/// beside it the tables that are set aside or new.
struct CaptureWork {
    bool until_current = false;  // Ends at the log's end as it was at the start.
    /// Ends cuts where another ledger says, instead of by time and size.
    std::vector<change::Position> recorded_ends;
    std::function<void(const landing::ChunkReport&)> on_chunk;
    std::function<void(const landing::CutReport&)> on_cut;
    /// Hears for whose transaction the server makes the snapshot wait.
    std::function<void(const Error&)> on_hold_up = {};
    /// A table is set aside because it cannot be read.
    std::function<void(const change::UnreadableTable&)> on_unreadable = {};
    /// The source is away, or tables cannot be looked for, and the work goes on later.
    std::function<void(const Error&)> on_wait = {};
    /// Hears what somebody should know and what ends nothing.
    std::function<void(const std::string&)> on_notice = {};
};

/// Runs until the work's end, or until `stop` after the cut at hand. While the source is away and
/// the work has no end, it tries again if it has `on_wait`, which then hears why.
Status capture(Pipeline& pipeline, const CaptureWork& work, const std::stop_token& stop);

/// Says in words that a table is not loaded until it can be read.
Error set_aside(const change::UnreadableTable& table);

/// Where the holder of the capture stage lands; both outlive it.
landing::LandingPlace place_of(Pipeline& pipeline, StageHold& hold);

/// Returns the server that the ledger knows as the source, if it knows one yet.
std::optional<capture::postgres::SourceIdentity> known_source(const ledger::PipelineState& state);

/// Returns whether the pipeline has still to be begun by a snapshot. Chunks do not count before the
/// cut that is made of them, not even when all of them have landed: only the cut has a position.
bool needs_snapshot(const ledger::PipelineState& state);

/// Returns the names of the tables that are captured, by the ledger.
std::set<catalog::TableName> captured_tables(const ledger::PipelineState& state);

/// Returns the newest contract of every captured table.
Result<std::vector<std::shared_ptr<const catalog::TableContract>>> newest_contracts(
    const ledger::PipelineState& state, const ledger::Ledger& ledger);

}  // namespace weir::app
