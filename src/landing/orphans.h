#pragma once

#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"
#include "store/object_store.h"

namespace weir::landing {

/// Returns landed files that no entry of the ledger names and whose writer has been replaced. They
/// are never read; only their space is lost. Files of the holder of the capture lease are left out:
/// it may be about to commit them.
Result<std::vector<store::ObjectInfo>> orphans(const store::ObjectStore& store,
                                               ledger::Ledger& ledger);

}  // namespace weir::landing
