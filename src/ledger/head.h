#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/note_key.h"
#include "store/object_store.h"

namespace weir::ledger {

inline constexpr std::string_view head_key = "ledger/head";
inline constexpr std::string_view checkpoint_key = "ledger/checkpoint";

/// The newest entries, whose tiles may not be written.
struct Tail {
    TreeSize before{};
    std::vector<std::string> entries;

    TreeSize after() const { return {before.entries + entries.size()}; }
};

/// What is committed: replacing it is the commit. All tiles of `tail.before` are durable.
struct Head {
    Checkpoint checkpoint;
    std::string note;  // The signed bytes of `checkpoint`.
    Tail tail;         // Ends at the checkpoint's size.
};

std::string format_head(const Head& head);
/// Fails as `open_checkpoint` does, or with `corrupt`. That the entries lead to the signed root is
/// not checked.
Result<Head> open_head(std::string_view text, std::span<const VerifyingKey> trusted);

struct VersionedHead {
    Head head;
    store::Version version;
};

/// Reads the head. Fails with `not_found` if there is no ledger, with `corrupt` if there is
/// everything of one but its head.
Result<VersionedHead> read_head(const store::ObjectStore& store,
                                std::span<const VerifyingKey> trusted);

/// Reads the newest entries of a head that nobody has vouched for yet.
Result<Tail> read_unverified_tail(const store::ObjectStore& store);

/// The public checkpoint's bytes, of which nothing is verified yet.
struct CheckpointNote {
    std::string note;
    store::Version version;
};

/// Reads the public checkpoint; nothing if there is none yet.
Result<std::optional<CheckpointNote>> read_checkpoint(const store::ObjectStore& store);

/// Returns who may have signed a public checkpoint that is read before this head: the head's own
/// key and, since a checkpoint is never behind `tail.before`, those from whom the tail's entries
/// took over. Fails with `corrupt` on a key change in the tail that nobody signed.
Result<std::vector<VerifyingKey>> checkpoint_keys(const Tail& tail,
                                                  std::span<const VerifyingKey> trusted);

/// Opens the public checkpoint with the path in its errors.
Result<Checkpoint> open_public(const CheckpointNote& note, std::span<const VerifyingKey> trusted);

}  // namespace weir::ledger
