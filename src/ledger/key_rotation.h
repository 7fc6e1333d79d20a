#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/note_key.h"

namespace weir::ledger {

// How one signing key follows another (docs/formats/checkpoint.md, "Keys").

/// Returns the entry that hands over from `before` to `after`, signed by both. Fails with `invalid`
/// unless they are two keys of one name.
Result<KeyRotated> rotate_key(const SigningKey& before, const SigningKey& after);

/// The two keys of an entry whose signatures were verified.
struct KeyChange {
    std::uint64_t entry = 0;  // Index of the entry.
    VerifyingKey before;
    VerifyingKey after;
};

/// Fails with `corrupt` unless both keys have signed.
Result<KeyChange> open_key_rotation(std::uint64_t entry, const KeyRotated& body);

/// Collects the key changes among texts of entries that nobody has vouched for yet: each vouches
/// for itself. The texts begin with entry `first`. Fails with `corrupt`.
Result<std::vector<KeyChange>> find_key_changes(std::span<const std::string> texts,
                                                std::uint64_t first);

/// The keys of a ledger in turn: which one signs at which size. A value.
class KeyHistory {
public:
    /// Follows the changes, the first one first, from any key of `trusted`, in both directions.
    /// Fails with `denied` if none of them is among the keys, with `corrupt` if a change does not
    /// begin with the key that was.
    static Result<KeyHistory> follow(std::span<const KeyChange> changes,
                                     std::span<const VerifyingKey> trusted);

    /// Returns who may sign at this size: one key, or all trusted ones of a ledger without changes.
    std::span<const VerifyingKey> keys_at(TreeSize size) const;
    std::span<const VerifyingKey> keys() const { return keys_; }
    /// Opens a checkpoint. Fails as `open_checkpoint` does, and with `corrupt` if another one of
    /// the keys has signed than the one of the size.
    Result<Checkpoint> open(std::string_view note) const;

private:
    std::vector<VerifyingKey> keys_;      // The first one first; never empty.
    std::vector<std::uint64_t> entries_;  // By which the key with the next index came.
};

}  // namespace weir::ledger
