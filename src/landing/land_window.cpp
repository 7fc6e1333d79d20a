#include "landing/land_window.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "landing/land_cut.h"
#include "landing/spill.h"

namespace weir::landing {
namespace {

/// Ends a read where the window does. A silent log moves on only while a read has no transaction,
/// so that a read also ends when nothing more comes after one.
class WindowBoundary final : public change::CutBoundary {
public:
    explicit WindowBoundary(change::Position end) : end_(end) {}

    bool ends_here(const change::CutProgress& progress) override {
        const bool silent = progress.transactions > 0 && progress.transactions == seen_;
        seen_ = progress.transactions;
        return progress.position >= end_ || silent;
    }

private:
    change::Position end_;
    std::uint64_t seen_ = 0;
};

/// What the reads of a window came to.
struct Window {
    change::Position position;  // Of the log.
    change::Position last_transaction;
    std::uint64_t transactions = 0;
    std::uint64_t changes = 0;
    std::optional<Timestamp> commit_time;
};

Result<Window> read_window(change::Position end, change::ChangeSource& source, CutWriter& writer,
                           const std::stop_token& stop) {
    Window window;
    while (window.position < end) {
        WindowBoundary window_end(end);
        TransactionEnd boundary(window_end, std::nullopt);
        TRY_LET(const change::CutEnd read, read_changes(source, boundary, writer, stop));
        window.position = read.position;
        if (read.transactions > 0) {
            window.last_transaction = boundary.of(read);
            window.commit_time = read.commit_time;
        }
        window.transactions += read.transactions;
        window.changes += read.changes;
        if (stop.stop_requested() && window.position < end) {
            return fail(ErrorKind::cancelled, "the snapshot was stopped; the next start goes on");
        }
    }
    return window;
}

/// The snapshot's cut: its chunks and the window's changes.
ledger::CutLanded cut_of(const Window& window, const ledger::PipelineState& state) {
    const ledger::SnapshotReading& last = state.reading();
    return {.cut = {1},
            .position = std::max(window.last_transaction, last.position),
            .commit_time = window.commit_time.value_or(last.time),
            .transactions = window.transactions,
            .changes = window.changes + state.chunk_rows(),
            .snapshot_attempt = state.snapshot->attempt,
            .files = {}};
}

}  // namespace

Status land_window(LandingPlace place, change::ChangeSource& source, const StreamOptions& options,
                   const std::stop_token& stop) {
    WEIR_ASSERT(place.state.snapshot_complete());
    ContractBook contracts(place.state);
    SpillSpace space(options.spill_folder, options.spill_memory_bytes_max);
    CutWriter writer(space, contracts, options.part_size);
    TRY_LET(const Window window, read_window(place.state.reading().position, source, writer, stop));
    TRY_LET(const CutReport report,
            land_cut(place, contracts, std::move(writer), cut_of(window, place.state)));
    if (options.on_cut) {
        options.on_cut(report);
    }
    return source.acknowledge(report.position);
}

}  // namespace weir::landing
