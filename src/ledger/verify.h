#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/file_check.h"
#include "ledger/note_key.h"
#include "store/object_store.h"

namespace weir::ledger {

/// How far a verification is. Views what it is told with.
struct VerifyProgress {
    const std::string& checkpoint;  // Signed: the ledger that is verified.
    const HashProgress& files;
};

struct VerifyOptions {
    /// Read every file that an entry names, besides looking whether it is there with its size.
    bool hash_files = true;
    /// Signed checkpoints that were kept elsewhere: the ledger must be a continuation of each. They
    /// alone show that somebody with the key rewrote the whole ledger.
    std::vector<std::string> known_checkpoints = {};
    /// Up to here files were hashed before: they are only looked for.
    std::optional<FilePlace> hashed = {};
    /// Is told of every file and every few MiB of one; its failure ends the verification.
    std::function<Status(const VerifyProgress&)> on_progress = {};
};

struct VerifyReport {
    TreeSize size{};
    RootHash root{};
    std::uint64_t tiles = 0;
    std::uint64_t files = 0;  // Data files, manifests and contracts.
    std::uint64_t bytes = 0;  // Of data files.
    bool unfinished = false;  // The newest entries' tiles and checkpoint are not written yet.
};

/// Checks a ledger and all that it names, changing nothing. A key that has signed at any time is
/// enough: the log leads from it to the others. Fails with `corrupt` and the first bad entry, tile
/// or file and what was done to it; with `denied` if no trusted key has signed; with `not_found`.
/// Others may append meanwhile: what is checked is the size of the report.
Result<VerifyReport> verify(const store::ObjectStore& store, std::span<const VerifyingKey> trusted,
                            const VerifyOptions& options);

}  // namespace weir::ledger
