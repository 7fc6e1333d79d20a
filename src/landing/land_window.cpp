#include "landing/land_window.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "landing/land_cut.h"
#include "landing/spill.h"

namespace weir::landing {
namespace {

/// Ends the read where the window does.
class WindowBoundary final : public change::CutBoundary {
public:
    explicit WindowBoundary(change::Position end) : end_(end) {}

    bool ends_here(const change::CutProgress& progress) override {
        return progress.position >= end_;
    }

private:
    change::Position end_;
};

/// What was read of a window, and where its last transaction ended.
struct Window {
    change::CutEnd read;
    change::Position last_transaction;
};

Result<Window> read_window(change::Position end, change::ChangeSource& source, CutWriter& writer,
                           const std::stop_token& stop) {
    // Both are asked through references that are not const. NOLINTBEGIN(misc-const-correctness)
    WindowBoundary window_end(end);
    TransactionEnd boundary(window_end);
    // NOLINTEND(misc-const-correctness)
    TRY_LET(const change::CutEnd read, read_changes(source, boundary, writer, stop));
    if (stop.stop_requested() && read.position < end) {
        return fail(ErrorKind::cancelled, "the snapshot was stopped; the next start goes on");
    }
    return Window{
        .read = read,
        .last_transaction = read.transactions == 0 ? change::Position() : boundary.of(read)};
}

/// The snapshot's cut: its chunks and the window's changes.
ledger::CutLanded cut_of(const Window& window, const ledger::PipelineState& state) {
    const ledger::SnapshotReading& last = state.reading();
    return {.cut = {1},
            .position = std::max(window.last_transaction, last.position),
            .commit_time = window.read.commit_time.value_or(last.time),
            .transactions = window.read.transactions,
            .changes = window.read.changes + state.chunk_rows(),
            .snapshot_attempt = state.snapshot->attempt,
            .files = {}};
}

}  // namespace

Status land_window(LandingPlace place, change::ChangeSource& source, const StreamOptions& options,
                   const std::stop_token& stop) {
    WEIR_ASSERT(place.state.snapshot_complete());
    ContractBook contracts(place.state);
    SpillSpace space(options.spill_folder, options.spill_memory_bytes_max);
    CutWriter writer(space, contracts, ledger::CutNumber{1}, place.keys, options.part_size);
    TRY_LET(const Window window, read_window(place.state.reading().position, source, writer, stop));
    TRY_LET(const CutReport report,
            land_cut(place, contracts, std::move(writer), cut_of(window, place.state)));
    if (options.on_cut) {
        options.on_cut(report);
    }
    return source.acknowledge(report.position);
}

}  // namespace weir::landing
