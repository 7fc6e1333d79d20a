#pragma once

#include <filesystem>

#include "base/clock.h"
#include "base/result.h"
#include "ledger/note_key.h"
#include "store/object_store.h"

namespace weir::ledger {

// The file with the key that signs a ledger, and how another key takes its place. Beside it there
// is, while a rotation is under way, the file of the next key: its path and ".next".

/// Loads the key that signs the ledger of this store: that of `path` or, if a rotation was killed
/// between its commit and its end, the next one, whose file is then put in place. Fails as
/// `load_key_file` does.
Result<SigningKey> load_ledger_key(const store::ObjectStore& store,
                                   const std::filesystem::path& path);

/// Makes a key, has the ledger go over to it, and puts its file in place of the old one, which is
/// gone then. Returns the new key's public half. Killed or failed anywhere, it leaves a ledger that
/// `load_ledger_key` finds the key of, and may be repeated.
Result<VerifyingKey> rotate_ledger_key(store::ObjectStore& store, const std::filesystem::path& path,
                                       const Clock& clock);

}  // namespace weir::ledger
