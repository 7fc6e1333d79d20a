#pragma once

#include "app/pipeline.h"

namespace weir::app {

/// Compares the ledger with the source's log, with the slot, and then with the warehouse, before a
/// stage moves, and commits nothing: fails with `corrupt` if they are not of one history, so that
/// what was put in place of what can be put back. What another process holds, or what is away, is
/// left to its stage.
Status compare_at_start(Pipeline& pipeline);

/// Fails with `corrupt` if the source's log does not go on from where the ledger stands, and with
/// what keeps it from being asked. A pipeline that has no slot, or none yet, is asked nothing.
Status check_source_log(const Configuration& configuration, const ledger::PipelineState& state);

}  // namespace weir::app
