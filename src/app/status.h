#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ledger/pipeline_state.h"

namespace weir::app {

/// Where the pipeline stands, as every stage's `--json` says it: `landed`, `refined`, `loaded`,
/// `published` (cuts) and `position`.
nlohmann::json progress_of(const ledger::PipelineState& state);

}  // namespace weir::app
