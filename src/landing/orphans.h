#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
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

/// How much older than `now` an orphan is that is removed: no writer of it is still at work.
inline constexpr std::chrono::hours orphan_age_min{24};

/// Removes orphans of that age and returns how many they were. Both times are the store's: `now` is
/// the key of an object that was just written.
Result<std::uint64_t> remove_orphans(store::ObjectStore& store, ledger::Ledger& ledger,
                                     std::string_view now);

}  // namespace weir::landing
