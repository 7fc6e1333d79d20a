#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/note_key.h"
#include "store/object_store.h"

namespace weir::ledger {

struct VerifyOptions {
    /// Read every file that an entry names, besides looking whether it is there with its size.
    bool hash_files = true;
    /// Signed checkpoints that were kept elsewhere: the ledger must be a continuation of each. They
    /// alone show that somebody with the key rewrote the whole ledger.
    std::vector<std::string> known_checkpoints = {};
};

struct VerifyReport {
    TreeSize size{};
    RootHash root{};
    std::uint64_t tiles = 0;
    std::uint64_t files = 0;  // Data files, manifests and contracts.
    std::uint64_t bytes = 0;  // Of data files.
    bool unfinished = false;  // The newest entries' tiles and checkpoint are not written yet.
};

/// Checks a ledger and all that it names, changing nothing. Fails with `corrupt` and the first bad
/// entry, tile or file and what was done to it; with `denied` if no trusted key has signed; with
/// `not_found`. Others may append meanwhile: what is checked is the size of the report.
Result<VerifyReport> verify(const store::ObjectStore& store, std::span<const VerifyingKey> trusted,
                            const VerifyOptions& options);

}  // namespace weir::ledger
