#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "app/pipeline.h"
#include "store/sealing_key.h"

namespace weir::app {

/// Refines what has landed. Holds the stage while it lives. One thread.
class RefineStage {
public:
    static Result<RefineStage> open(Pipeline& pipeline);

    /// Refines all cuts that wait and returns how many they were.
    Result<std::uint64_t> run(const std::stop_token& stop);

private:
    RefineStage(Pipeline& pipeline, StageHold hold, store::SealingKey key)
        : pipeline_(&pipeline), hold_(std::move(hold)), key_(std::move(key)) {}

    Pipeline* pipeline_;
    StageHold hold_;
    store::SealingKey key_;
};

}  // namespace weir::app
