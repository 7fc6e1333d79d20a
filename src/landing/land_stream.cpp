#include "landing/land_stream.h"

#include <utility>
#include <vector>

#include "landing/land_cut.h"
#include "landing/spill.h"

namespace weir::landing {
namespace {

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
          recorded_at_(place.clock.steady_now()) {}

    Status run(const std::stop_token& stop) {
        while (!stop.stop_requested() && !schedule_.over() && !arrived()) {
            TRY(read_cut(stop));
        }
        // A one-shot run may not come back for long, so it says how far it has looked.
        return arrived() ? record_position() : Status{};
    }

private:
    bool arrived() const { return options_.until && read_ >= *options_.until; }

    Status read_cut(const std::stop_token& stop) {
        TRY(schedule_.begin_cut(read_));
        TransactionEnd boundary(schedule_, options_.until);
        CutWriter writer(space_, contracts_, options_.part_size);
        TRY_LET(const change::CutEnd end, read_changes(source_, boundary, writer, stop));
        read_ = end.position;
        TRY(end.changes == 0 ? pass_silence() : land(end, boundary.of(end), std::move(writer)));
        if (options_.on_position) {
            options_.on_position(read_);
        }
        return {};
    }

    Status land(const change::CutEnd& end, change::Position position, CutWriter&& writer) {
        if (!end.commit_time) {
            return fail(ErrorKind::internal, "cannot land cut: it has no commit time, position={}",
                        position.to_string());
        }
        TRY(schedule_.accept(position));
        TRY_LET(const CutReport report, land_cut(place_, contracts_, std::move(writer),
                                                 {.cut = {place_.state.last_landed().value + 1},
                                                  .position = position,
                                                  .commit_time = end.commit_time,
                                                  .transactions = end.transactions,
                                                  .changes = end.changes,
                                                  .snapshot_attempt = std::nullopt,
                                                  .files = {}}));
        TRY(acknowledge(position));
        if (options_.on_cut) {
            options_.on_cut(report);
        }
        return {};
    }

    Status pass_silence() {
        const bool due = place_.clock.steady_now() - recorded_at_ >= options_.position_interval;
        const bool far =
            read_ > place_.state.position &&
            change::bytes_between(place_.state.position, read_) >= options_.position_bytes;
        return due || far ? record_position() : Status{};
    }

    Status record_position() {
        if (read_ <= place_.state.position) {
            return {};
        }
        TRY(commit_with_news(place_, contracts_, ledger::PositionAdvanced{.position = read_}));
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
};

}  // namespace

Status land_stream(LandingPlace place, change::ChangeSource& source, CutSchedule& schedule,
                   const StreamOptions& options, const std::stop_token& stop) {
    return StreamLanding(place, source, schedule, options).run(stop);
}

}  // namespace weir::landing
