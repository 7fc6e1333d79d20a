#include "landing/land_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "landing/land_cut.h"
#include "landing/place_turns.h"
#include "landing/spill.h"

namespace weir::landing {
namespace {

/// Gives others their turns whenever the log's reader looks up.
class ServingBoundary final : public change::CutBoundary {
public:
    ServingBoundary(change::CutBoundary& boundary, ServedPlace& turns, Turn& turn)
        : boundary_(boundary), turns_(turns), turn_(turn) {}

    bool ends_here(const change::CutProgress& progress) override {
        turns_.serve(turn_);
        return boundary_.ends_here(progress);
    }

private:
    change::CutBoundary& boundary_;
    ServedPlace& turns_;
    Turn& turn_;
};

/// One call of `land_stream`.
class StreamLanding {
public:
    StreamLanding(LandingPlace place, change::ChangeSource& source, CutSchedule& schedule,
                  const StreamOptions& options)
        : place_(place),
          source_(source),
          schedule_(schedule),
          options_(options),
          contracts_(place.state),
          space_(options.spill_folder, options.spill_memory_bytes_max),
          read_(place.state.position),
          recorded_at_(place.clock.steady_now()),
          turn_{.place = place_, .contracts = contracts_, .log = &source} {
        if (options.tables != nullptr) {
            readings_.emplace(ChunkPlace{.turns = turns_,
                                         .store = place.store,
                                         .keys = place.keys,
                                         .epoch = place.lease.epoch,
                                         .clock = place.clock},
                              *options.tables, options.readings);
        }
    }
    StreamLanding(const StreamLanding&) = delete;
    StreamLanding& operator=(const StreamLanding&) = delete;
    ~StreamLanding() { turns_.close(); }

    Status run(const std::stop_token& stop) {
        while (!stop.stop_requested() && !schedule_.over() && !arrived()) {
            TRY(read_cut(stop));
        }
        // A one-shot run may not come back for long, so it says how far it has looked.
        return arrived() ? record_position() : Status{};
    }

private:
    bool tables_are_read() const { return readings_ && !readings_->idle(); }
    bool arrived() const { return is_last(read_); }
    /// Nothing beyond `position` is asked for.
    bool is_last(change::Position position) const {
        return options_.until && position >= *options_.until && !tables_are_read();
    }
    /// All chunks of tables read beside the log have landed, and the log was read beyond them.
    bool closes_attempt() const {
        const ledger::PipelineState& state = place_.state;
        return state.snapshot_complete() && read_ >= state.reading().position;
    }

    Status read_cut(const std::stop_token& stop) {
        TRY(schedule_.begin_cut(read_));
        TransactionEnd boundary(schedule_,
                                [this](change::Position position) { return is_last(position); });
        ServingBoundary serving(boundary, turns_, turn_);
        CutWriter writer(space_, contracts_, next_cut(), place_.keys, options_.part_size);
        TRY_LET(const change::CutEnd end, read_changes(source_, serving, writer, stop));
        if (readings_) {
            TRY(readings_->status());
        }
        read_ = end.position;
        if (closes_attempt()) {
            TRY(close_attempt(end, boundary, std::move(writer)));
        } else {
            TRY(end.changes == 0 ? pass_silence()
                                 : land_changes(end, boundary.of(end), std::move(writer)));
        }
        if (options_.on_position) {
            options_.on_position(read_);
        }
        return {};
    }

    /// Lands the cut that brings back tables: the attempt's chunks count with it.
    Status close_attempt(const change::CutEnd& end, const TransactionEnd& boundary,
                         CutWriter&& writer) {
        const ledger::PipelineState& state = place_.state;
        const ledger::SnapshotReading& last = state.reading();
        const change::Position last_change = end.changes == 0 ? state.position : boundary.of(end);
        return land({.cut = next_cut(),
                     .position = std::max(last_change, last.position),
                     .commit_time = end.commit_time.value_or(last.time),
                     .transactions = end.transactions,
                     .changes = end.changes + state.chunk_rows(),
                     .snapshot_attempt = state.snapshot->attempt,
                     .files = {}},
                    std::move(writer));
    }

    Status land_changes(const change::CutEnd& end, change::Position position, CutWriter&& writer) {
        if (!end.commit_time) {
            return fail(ErrorKind::internal, "cannot land cut: it has no commit time, position={}",
                        position.to_string());
        }
        TRY(schedule_.accept(position));
        return land({.cut = next_cut(),
                     .position = position,
                     .commit_time = end.commit_time,
                     .transactions = end.transactions,
                     .changes = end.changes,
                     .snapshot_attempt = std::nullopt,
                     .files = {}},
                    std::move(writer));
    }

    ledger::CutNumber next_cut() const { return {place_.state.last_landed().value + 1}; }

    Status land(ledger::CutLanded cut, CutWriter&& writer) {
        const std::size_t aside = place_.state.aside().size();
        const bool closes = cut.snapshot_attempt.has_value();
        TRY_LET(const CutReport report,
                land_cut(place_, contracts_, std::move(writer), std::move(cut)));
        if (readings_ && (closes || place_.state.aside().size() > aside)) {
            readings_->wake();
        }
        TRY(acknowledge(report.position));
        if (options_.on_cut) {
            options_.on_cut(report);
        }
        return {};
    }

    Status pass_silence() {
        TRY(place_.ledger.finish());
        const bool due = place_.clock.steady_now() - recorded_at_ >= options_.position_interval;
        const bool far =
            read_ > place_.state.position &&
            change::bytes_between(place_.state.position, read_) >= options_.position_bytes;
        // A table may be set aside, or change its shape, by a transaction without a change of it.
        return due || far || contracts_.has_news() ? record_position() : Status{};
    }

    Status record_position() {
        if (read_ <= place_.state.position) {
            return {};
        }
        const std::size_t aside = place_.state.aside().size();
        TRY(commit_with_news(place_, contracts_, ledger::PositionAdvanced{.position = read_}));
        if (readings_ && place_.state.aside().size() > aside) {
            readings_->wake();
        }
        return acknowledge(read_);
    }

    /// Tells the source what the ledger holds.
    Status acknowledge(change::Position position) {
        recorded_at_ = place_.clock.steady_now();
        return source_.acknowledge(position);
    }

    LandingPlace place_;
    change::ChangeSource& source_;
    CutSchedule& schedule_;
    const StreamOptions& options_;
    ContractBook contracts_;
    SpillSpace space_;
    change::Position read_;  // How far the source has been read, ledger or not.
    std::chrono::steady_clock::time_point recorded_at_;
    ServedPlace turns_;
    Turn turn_;
    std::optional<TableReadings> readings_;
};

}  // namespace

Status land_stream(LandingPlace place, change::ChangeSource& source, CutSchedule& schedule,
                   const StreamOptions& options, const std::stop_token& stop) {
    return StreamLanding(place, source, schedule, options).run(stop);
}

}  // namespace weir::landing
