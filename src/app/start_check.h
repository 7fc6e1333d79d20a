#pragma once

#include "app/pipeline.h"

namespace weir::app {

/// Compares the ledger with the slot and then with the warehouse, before a stage moves, and commits
/// nothing: fails with `corrupt` if they are not of one history, so that what was put in place of
/// what can be put back. What another process holds, or what is away, is left to its stage.
Status compare_at_start(Pipeline& pipeline);

}  // namespace weir::app
