#include "app/run_loop.h"

#include <chrono>
#include <exception>
#include <thread>
#include <typeinfo>
#include <utility>

#include "app/query_service.h"
#include "app/refine_stage.h"
#include "app/retry.h"

namespace weir::app {
namespace {

using namespace std::chrono_literals;

constexpr auto wait_max = 500ms;

}  // namespace

Status RunLoop::run(const std::stop_source& stop) {
    {
        const std::jthread refine([this, stop] { refine_thread(stop); });
        const std::jthread load([this, stop] { load_thread(stop); });
        capture_thread(stop);
    }
    warn("lineage", pipeline_.lineage().flush());
    if (outcome_) {
        return std::unexpected(*std::move(outcome_));
    }
    if (work_.until_current && stop.stop_requested()) {
        return fail(ErrorKind::cancelled, "stopped before everything was through; run it again");
    }
    return {};
}

/// What somebody should know who watches, and what ends nothing.
void RunLoop::warn(std::string_view stage, const Status& status) const {
    if (status) {
        return;
    }
    pipeline_.errors().note(stage, status.error());
    if (work_.observer.on_wait) {
        work_.observer.on_wait(stage, status.error());
    }
}

/// Lineage may lag: what it tells is in the ledger already.
void RunLoop::tell(ledger::Stage stage, Timestamp started) {
    pipeline_.errors().clear(to_string(stage));
    warn("lineage", pipeline_.lineage().committed(stage, started));
}

/// Nothing throws but a defect or an allocation. It ends all stages, as an error does; what it says
/// may quote a row.
void RunLoop::run_stage(ledger::Stage stage, const std::function<Status()>& work,
                        std::stop_source& stop) {
    Status done;
    try {
        done = work();
    } catch (const std::exception& exception) {
        done =
            fail(ErrorKind::internal,
                 "the stage ended by an exception; report it, and start again, stage={}, type={}",
                 to_string(stage), typeid(exception).name());
    }
    end_with(stage, std::move(done), stop);
}

void RunLoop::end_with(ledger::Stage stage, Status status, std::stop_source& stop) {
    if (status || (status.error().kind() == ErrorKind::cancelled && stop.stop_requested())) {
        return;
    }
    if (status.error().kind() != ErrorKind::cancelled) {
        pipeline_.errors().note(to_string(stage), status.error());
        warn("lineage", pipeline_.lineage().failed(stage, pipeline_.clock().now(), status.error()));
    }
    {
        const std::scoped_lock lock(outcome_mutex_);
        if (!outcome_) {
            outcome_ = std::move(status).error();
        }
    }
    stop.request_stop();
}

void RunLoop::capture_thread(std::stop_source stop) {
    const auto on_wait = [this](const Error& error) { warn("capture", std::unexpected(error)); };
    const CaptureWork work{
        .until_current = work_.until_current,
        .recorded_ends = {},
        .on_chunk = work_.observer.on_chunk,
        .on_cut =
            [this, started = pipeline_.clock().now()](const landing::CutReport& report) mutable {
                landed_.signal();
                tell(ledger::Stage::capture, std::exchange(started, report.landed_time));
                if (work_.observer.on_landed) {
                    work_.observer.on_landed(report);
                }
            },
        .on_hold_up = on_wait,
        .on_unreadable =
            [this](const change::UnreadableTable& table) {
                warn("capture", std::unexpected(set_aside(table)));
            },
        .on_wait = on_wait,
        .on_notice = work_.observer.on_notice};
    run_stage(
        ledger::Stage::capture, [&] { return capture(pipeline_, work, stop.get_token()); }, stop);
    capture_done_ = true;
    landed_.signal();
}

/// A run without an end outlasts neighbours that are away, and a disk that is full.
Status RunLoop::keep_going(ledger::Stage stage, const std::stop_token& stop,
                           const std::function<Status()>& work) {
    if (work_.until_current) {
        return work();
    }
    const auto on_wait = [&](const Error& error) {
        warn(to_string(stage), std::unexpected(error));
    };
    return retry(work, on_wait, pipeline_.clock(), stop);
}

/// A stage ends at a stop request, or when the stage before it is done and nothing is left.
bool RunLoop::is_over(const std::atomic<bool>& before, const std::stop_token& stop) const {
    return stop.stop_requested() || before;
}

void RunLoop::refine_thread(std::stop_source stop) {
    const auto refine = [&] { return refine_until_done(stop.get_token()); };
    run_stage(
        ledger::Stage::refine,
        [&] { return keep_going(ledger::Stage::refine, stop.get_token(), refine); }, stop);
    refine_done_ = true;
    refined_.signal();
}

Status RunLoop::refine_until_done(const std::stop_token& stop) {
    TRY_LET(RefineStage stage, RefineStage::open(pipeline_));
    for (std::uint64_t seen = 0;;) {
        const bool last = is_over(capture_done_, stop);
        const Timestamp started = pipeline_.clock().now();
        TRY_LET(const std::uint64_t cuts, stage.run(stop));
        if (cuts > 0) {
            tell(ledger::Stage::refine, started);
            refined_.signal();
        }
        if (last) {
            return {};
        }
        landed_.wait(seen, wait_max, stop);
    }
}

void RunLoop::load_thread(std::stop_source stop) {
    const auto load = [&] { return load_until_done(stop.get_token()); };
    run_stage(
        ledger::Stage::load,
        [&] { return keep_going(ledger::Stage::load, stop.get_token(), load); }, stop);
}

/// A build that a neighbour's absence made fail is tried again when the next is due.
Status RunLoop::build_models(LoadStage& stage, ledger::CutNumber cut, LastBuild& last_build) {
    Status done = work_.build_models(stage, cut);
    if (!done && (work_.until_current || !may_pass(done.error().kind()))) {
        return done;
    }
    if (done) {
        last_build.cut = cut;
        pipeline_.errors().clear(to_string(ledger::Stage::model));
    }
    warn(to_string(ledger::Stage::model), done);
    last_build.time = pipeline_.clock().steady_now();
    return {};
}

Status RunLoop::load_until_done(const std::stop_token& stop) {
    TRY_LET(const auto stage, LoadStage::open(pipeline_, work_.observer.on_loaded));
    const auto service = QueryService::start(
        pipeline_.folders().query_socket(),
        [&](const std::string& statement) { return stage->answer(statement, stop); });
    warn("query", service ? Status() : Status(std::unexpected(service.error())));
    const auto& clock = pipeline_.clock();
    LastBuild last_build{.cut = {}, .time = clock.steady_now()};
    ledger::CutNumber before{};
    for (std::uint64_t seen = 0;;) {
        const bool last = is_over(refine_done_, stop);
        const Timestamp started = clock.now();
        TRY_LET(const ledger::CutNumber loaded, stage->run(stop));
        if (loaded > before) {
            tell(ledger::Stage::load, started);
            before = loaded;
        }
        // A run with an end is judged by its last cut, not by those on the way there.
        const bool due =
            last || (!work_.until_current && clock.steady_now() - last_build.time >=
                                                 pipeline_.configuration().models_every);
        if (work_.build_models && loaded > last_build.cut && due && !stop.stop_requested()) {
            TRY(build_models(*stage, loaded, last_build));
        }
        if (last) {
            return {};
        }
        warn("lineage", pipeline_.lineage().tick());
        refined_.wait(seen, wait_max, stop);
    }
}

}  // namespace weir::app
