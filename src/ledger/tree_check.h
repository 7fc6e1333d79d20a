#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "store/object_store.h"

namespace weir::ledger {

/// A ledger's texts as one look found them.
struct FoundEntries {
    std::vector<std::string> texts;
    std::string broken;  // Why there are not more; empty if all bundles could be read.
};

/// Reads as many entries as there are, up to `size`, and no less for a broken one among them.
Result<FoundEntries> find_entries(const store::ObjectStore& store, TreeSize size);

/// Fails with `corrupt` unless the entries have all of these roots; says what was done to the first
/// bad entry. `signed_states` are of sizes up to the number of committed entries.
Status check_entries(const store::ObjectStore& store, const FoundEntries& found,
                     std::span<const Checkpoint> signed_states);

/// Fails with `corrupt` unless every tile up to `size` has the hashes of these entries; returns how
/// many tiles there are.
Result<std::uint64_t> check_tiles(const store::ObjectStore& store,
                                  std::span<const std::string> texts, TreeSize size);

}  // namespace weir::ledger
