#pragma once

#include <cstddef>

#include "store/object_store.h"

namespace weir::store {

struct ProbeOptions {
    int rounds = 10;
    std::size_t writers = 8;
    std::size_t large_bytes = 0;  // Of an object that goes in parts; zero: none is tried.
};

/// Finds out whether the store keeps the promise that the ledger rests on: of many writers to one
/// key, one wins. Writes and removes objects under `probe/`. Fails with `invalid` if two win, or
/// one that should have lost.
Status probe_conditional_writes(ObjectStore& store, const ProbeOptions& options);

}  // namespace weir::store
