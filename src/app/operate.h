#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/pipeline.h"
#include "base/result.h"

namespace weir::app {

/// Appends in the name of whoever operates the pipeline; others may do so at the same time.
Status append_as_operator(Pipeline& pipeline, const std::vector<ledger::EntryBody>& entries);

/// Appends that this process' user read rows, before they are handed out. The statement goes in as
/// its hash, since it may hold row values.
Status record_data_read(Pipeline& pipeline, const std::string& statement, std::uint64_t rows);

}  // namespace weir::app
