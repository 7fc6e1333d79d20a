#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "ledger/ledger.h"
#include "ledger/receipt.h"
#include "store/object_store.h"

namespace weir::ledger {

/// A file for which somebody wants a receipt. With `path`, the key of its object, it must be that
/// one; otherwise it is the first with these bytes.
struct WantedFile {
    Digest sha256{};
    std::optional<std::string> path;
};

/// Writes receipts out of a ledger and its store, which outlive it. One thread at a time.
class ReceiptBook {
public:
    ReceiptBook(Ledger& ledger, const store::ObjectStore& store, const SigningKey& key)
        : ledger_(ledger), store_(store), key_(key) {}

    /// Fails with `not_found` if no such cut has landed.
    Result<Receipt> of_cut(CutNumber cut);
    /// Fails with `not_found` if no entry names such a file, with `corrupt` if the entry of its
    /// path names other bytes.
    Result<Receipt> of_file(const WantedFile& file);

private:
    using Entries = std::map<std::uint64_t, Entry>;

    /// Shows the ledger to a collector; returns the changes of its key, which every receipt has.
    template <typename Collector>
    Result<Entries> key_changes_beside(Collector& collector);
    Result<Receipt> write(Receipt receipt, const Entries& entries);

    Ledger& ledger_;
    const store::ObjectStore& store_;
    const SigningKey& key_;
};

}  // namespace weir::ledger
