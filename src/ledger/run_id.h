#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace weir::ledger {

/// Makes a UUIDv7 (RFC 9562): ids of later times sort later, and no two are alike.
Result<std::string> new_run_id(Timestamp time);

}  // namespace weir::ledger
