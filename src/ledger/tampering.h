#pragma once

#include <span>
#include <string>

#include "base/sha256.h"

namespace weir::ledger {

/// Says what was done to a log: `found` are the hashes of the entries that are there, `expected`
/// those that were committed. Names the first entry that differs and whether entries were changed,
/// swapped, deleted, inserted or cut off. REQUIRES: they differ.
std::string describe_tampering(std::span<const Digest> found, std::span<const Digest> expected);

}  // namespace weir::ledger
