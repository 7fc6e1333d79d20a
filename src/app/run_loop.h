#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>

#include "app/capture_stage.h"
#include "app/load_stage.h"
#include "app/pipeline.h"
#include "app/wake.h"

namespace weir::app {

/// Who watches a run hears of everything that was committed. Calls come from the stages' threads;
/// `on_wait` from several at a time.
struct RunObserver {
    std::function<void(const landing::ChunkReport&)> on_chunk;
    std::function<void(const landing::CutReport&)> on_landed;
    std::function<void(const ledger::CutsLoaded&)> on_loaded;
    std::function<void(std::string_view stage, const Error&)> on_wait;
    std::function<void(const std::string&)> on_notice = {};
};

struct RunWork {
    bool until_current = false;
    /// Called by the loading thread after loads, at most once in `models_every` (`until_current`:
    /// once, at the end), with the warehouse open; what it fails with ends the run, unless a
    /// neighbour is away.
    std::function<Status(LoadStage&, ledger::CutNumber)> build_models;
    RunObserver observer;
};

/// Runs capture, refine and load side by side until `stop`, or until everything that the source had
/// at the start is through. Returns the first error that no waiting can mend.
class RunLoop {
public:
    RunLoop(Pipeline& pipeline, RunWork work) : pipeline_(pipeline), work_(std::move(work)) {}

    Status run(const std::stop_source& stop);

private:
    struct LastBuild {
        ledger::CutNumber cut{};  // The last that succeeded.
        std::chrono::steady_clock::time_point time;
    };

    void capture_thread(std::stop_source stop);
    void refine_thread(std::stop_source stop);
    void load_thread(std::stop_source stop);
    Status refine_until_done(const std::stop_token& stop);
    Status load_until_done(const std::stop_token& stop);
    Status build_models(LoadStage& stage, ledger::CutNumber cut, LastBuild& last_build);
    void run_stage(ledger::Stage stage, const std::function<Status()>& work,
                   std::stop_source& stop);
    void end_with(ledger::Stage stage, Status status, std::stop_source& stop);
    Status keep_going(ledger::Stage stage, const std::stop_token& stop,
                      const std::function<Status()>& work);
    void tell(ledger::Stage stage, Timestamp started);
    void warn(std::string_view stage, const Status& status) const;
    bool is_over(const std::atomic<bool>& before, const std::stop_token& stop) const;

    Pipeline& pipeline_;
    RunWork work_;
    Wake landed_;
    Wake refined_;
    std::atomic<bool> capture_done_ = false;
    std::atomic<bool> refine_done_ = false;
    std::mutex outcome_mutex_;
    std::optional<Error> outcome_;  // The first. Guarded by outcome_mutex_.
};

}  // namespace weir::app
