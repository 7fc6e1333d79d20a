#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/file_list.h"
#include "ledger/note_key.h"

namespace weir::ledger {

/// A file as the ledger names it: the key of its object, its size and its hash.
struct ReceiptFile {
    std::string path;
    std::uint64_t bytes = 0;
    Digest sha256{};

    friend bool operator==(const ReceiptFile&, const ReceiptFile&) = default;
};

/// An entry's text, and its `tlog-proof`.
struct ProvenEntry {
    std::string entry;
    std::string proof;
};

/// A proof for somebody who has nothing else of the ledger but its key (docs/formats/receipt.md):
/// the entries that name a cut or a file, and those by which the signing key changed.
struct Receipt {
    std::variant<CutNumber, ReceiptFile> subject;
    std::vector<ProvenEntry> entries;     // By index.
    std::optional<std::string> manifest;  // Its text, if the file's entry names one.
    std::string verifier_key;             // Of all checkpoints.
};

/// Writes canonical JSON and a newline.
Result<std::string> format_receipt(const Receipt& receipt);
/// Reads exactly what `format_receipt` writes. Fails with `corrupt`.
Result<Receipt> parse_receipt(std::string_view text);

/// What a receipt was seen to prove.
struct ReceiptVerdict {
    Checkpoint checkpoint;
    std::vector<std::pair<std::uint64_t, Entry>> entries;  // With their indexes; no key changes.
};

/// Checks all that a receipt says. `trusted` is the ledger's key of any time that the reader has
/// from elsewhere; without one, the receipt is only consistent with the key that it names itself.
/// Fails with `corrupt`, or with `denied` if it does not lead to the trusted key.
Result<ReceiptVerdict> check_receipt(const Receipt& receipt,
                                     const std::optional<VerifyingKey>& trusted);

/// Returns a file as an entry with this epoch names it in a list.
ReceiptFile receipt_file(const DataFile& file, Epoch epoch, const NamedList& list);

}  // namespace weir::ledger
