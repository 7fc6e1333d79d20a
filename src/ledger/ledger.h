#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/note_key.h"
#include "ledger/tile_log.h"
#include "store/object_store.h"

namespace weir::ledger {

/// The right to append for one stage, until somebody takes a higher epoch.
struct Lease {
    Stage stage = Stage::operate;
    Epoch epoch{};
    std::string run_id;
};

/// An append-only log of entries whose appending is weir's commit (docs/formats/ledger.md).
/// `append` returns after the entries are durable. Their tiles and the public checkpoint follow
/// within `finish_interval` while the ledger is used, when it is idle by `finish`, at the latest
/// when the object goes; after a kill by whoever opens the ledger. Any thread may call it; several
/// processes may append to one store.
class Ledger {
public:
    /// Makes a ledger in an empty store whose first entry is `created`; fails with
    /// `already_exists` if there is one. The key's name is the ledger's origin.
    static Status create(store::ObjectStore& store, const SigningKey& key,
                         const PipelineCreated& created, const Clock& clock);
    /// Opens the ledger and finishes what `head` names. Fails with `not_found`, `corrupt`,
    /// `denied`. `store`, `key` and `clock` outlive the ledger.
    static Result<std::unique_ptr<Ledger>> open(store::ObjectStore& store, const SigningKey& key,
                                                const Clock& clock);
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    ~Ledger();

    static constexpr std::chrono::seconds finish_interval{1};

    TreeSize size() const;

    /// Looks at `head` again and returns the entries from `from` on.
    Result<std::vector<Entry>> read_from(TreeSize from);

    /// Appends a `lease taken` entry with the next epoch of this stage. A process that was replaced
    /// does not come back: if this object has had the lease of a stage that makes cuts, and another
    /// process has taken it since, fails with `denied`.
    Result<Lease> take_lease(Stage stage);

    /// Shows the entries from `from` up to what `head` has now, a few bundles at a time: others may
    /// use the ledger meanwhile, `see` too. Ends with the first failure of `see`.
    using SeeEntry = std::function<Status(std::uint64_t index, const Entry& entry)>;
    Status read_each(TreeSize from, const SeeEntry& see);

    /// Appends entries in one step, all or none. An append that another stage overtook is repeated;
    /// one that meets a newer lease of its own stage fails with `denied`, and nothing it wrote is
    /// ever read. An unknown outcome is looked up, and the append repeated if it did not happen;
    /// `in_doubt` if that fails, too. Returns a size with the entries. Appends of several threads
    /// that wait for a swap share the next one.
    Result<TreeSize> append(const Lease& lease, std::span<const EntryBody> bodies);
    /// Returns how many appends wait for the swap that is under way.
    std::size_t waiting() const;

    /// Has `next`, which outlives the ledger, sign from a `key rotated` entry on. Processes that
    /// have the key before commit no more. Fails as `append` does; after `in_doubt` either key may
    /// be the ledger's.
    Status rotate_key(const Lease& lease, const SigningKey& next);

    /// Writes the tiles and the public checkpoint of what was appended, if they wait.
    Status finish();

    /// Keeps up to 8 files as they are and writes a longer list as `manifests/<sha256>.json`.
    Result<FileList> store_files(std::vector<DataFile> files);
    Result<std::vector<DataFile>> read_files(const FileList& files) const;

    /// Writes the contract as an object and returns the entry that names it.
    Result<SchemaChanged> store_contract(const catalog::TableContract& contract);
    Result<catalog::TableContract> read_contract(const SchemaChanged& entry) const;

private:
    Ledger(store::ObjectStore& store, const Clock& clock, TileLog log)
        : store_(store), clock_(clock), log_(std::move(log)), finished_at_(clock.steady_now()) {}

    /// An append that waits, or has its outcome.
    struct Waiting {
        const Lease& lease;
        std::vector<std::string> texts;
        std::optional<Result<TreeSize>> outcome = {};
    };

    Result<std::vector<std::string>> format(const Lease& lease,
                                            std::span<const EntryBody> bodies) const;
    /// Appends all that wait with one swap and gives each its outcome.
    void append_waiting();
    /// Gives no outcome to those that share the failure.
    Status append_group(std::span<Waiting* const> group);
    /// Refuses whose lease is gone; returns the entries of the others.
    std::vector<std::string> join_leased(std::span<Waiting* const> group);
    /// Appends in one try; returns false if others were first, whose entries are then known.
    Result<bool> try_append(std::span<const std::string> texts, const SigningKey* next = nullptr);
    Result<std::vector<Entry>> refresh();
    Status check_begin(TreeSize from) const;
    Status finish_if_due();
    Status finish_log();
    /// Returns the highest epoch of a stage, 0 if it never had a lease.
    Result<Epoch> epoch_of(Stage stage);
    void note_epochs(std::span<const Entry> entries);
    Status check_not_replaced(Stage stage, Epoch newest) const;
    Status check_lease(const Lease& lease);

    store::ObjectStore& store_;
    const Clock& clock_;
    mutable std::mutex waiting_mutex_;
    std::vector<Waiting*> waiting_;  // Guarded by waiting_mutex_.
    mutable std::mutex mutex_;       // Taken before waiting_mutex_ if both are.
    TileLog log_;                    // Guarded by mutex_, as what follows.
    std::chrono::steady_clock::time_point finished_at_;
    std::map<Stage, Epoch> epochs_;  // What is known of the entries below log_.size().
    std::map<Stage, Epoch> taken_;   // The last that this object took, or may have taken.
};

}  // namespace weir::ledger
