#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/head.h"
#include "ledger/note_key.h"
#include "ledger/tile_edge.h"
#include "store/object_store.h"

namespace weir::ledger {

/// The ledger's texts on a store, without their meaning: commits by swapping `head`, which has the
/// newest entries itself, and writes tiles and `checkpoint` later (docs/formats/ledger.md,
/// "Append"). One thread at a time; any number of processes. `store` and `key` outlive it.
class TileLog {
public:
    /// Makes a log of one entry. Fails with `already_exists` if there is a log.
    static Status create(store::ObjectStore& store, const SigningKey& key, std::string entry);
    /// Finishes what a dead process left. Fails with `not_found`, `corrupt`, `denied`.
    static Result<TileLog> open(store::ObjectStore& store, const SigningKey& key);

    TreeSize size() const { return edge_.size(); }

    /// Looks at `head` again and returns the entries that came since.
    Result<std::vector<std::string>> refresh();

    /// Appends all entries or none, in one try. Fails with `conflict` if somebody else appended
    /// since the last look, and after `in_doubt`: refresh first. The entries are durable then;
    /// their tiles and the checkpoint wait for `finish`, which a long tail calls.
    Status append(std::span<const std::string> entries);
    /// Writes the tiles and the checkpoint of `head`, if they wait.
    Status finish();
    bool is_finished() const { return finished_; }

    /// Returns entries from `from` up to `to`. REQUIRES: from <= to <= size().
    Result<std::vector<std::string>> read(TreeSize from, TreeSize to) const;

private:
    TileLog(store::ObjectStore& store, const SigningKey& key) : store_(&store), key_(&key) {}

    struct Sight {
        std::optional<PublicCheckpoint> checkpoint;
        VersionedHead head;

        bool is_finished() const {
            return checkpoint && checkpoint->checkpoint.size == head.head.checkpoint.size;
        }
    };

    std::span<const VerifyingKey> trusted() const { return {&key_->verifying_key(), 1}; }
    /// Reads what is committed. Fails with `corrupt` if that is less than what was published.
    Result<Sight> look() const;
    /// What the next head has of the entries before it: those whose tiles wait, if that is little.
    Result<Tail> begin_tail();
    /// Goes on from what was seen, with the entries that `edge` lacks of it.
    Status adopt(Sight sight, TileEdge edge, std::span<const std::string> entries);
    Status commit(Head head, TileEdge edge);
    Status publish(const Head& head) const;

    store::ObjectStore* store_;
    const SigningKey* key_;
    TileEdge edge_;
    std::optional<VersionedHead> head_;  // None only before the first entry.
    bool finished_ = true;               // Tiles and checkpoint of head_ are durable.
    bool in_doubt_ = false;              // The last swap may have happened.
};

}  // namespace weir::ledger
