#include "app/refine_stage.h"

#include <utility>

#include "refine/refine_cut.h"

namespace weir::app {

Result<RefineStage> RefineStage::open(Pipeline& pipeline) {
    TRY_LET(StageHold hold, StageHold::take(pipeline, ledger::Stage::refine));
    TRY_LET(store::SealingKey key,
            store::SealingKey::load_or_create(pipeline.folders().quarantine_key()));
    return RefineStage(pipeline, std::move(hold), std::move(key));
}

Result<std::uint64_t> RefineStage::run(const std::stop_token& stop) {
    return refine::refine_waiting_cuts({.store = pipeline_->store(),
                                        .ledger = pipeline_->ledger(),
                                        .lease = hold_.lease,
                                        .state = hold_.state,
                                        .declared = pipeline_->declared_types(),
                                        .quarantine_key = key_,
                                        .keys = pipeline_->parquet_keys()},
                                       {}, stop);
}

}  // namespace weir::app
