#include "ledger/receipt_book.h"

#include <map>
#include <utility>

#include "ledger/file_list.h"
#include "ledger/head.h"
#include "ledger/inclusion_proof.h"
#include "ledger/key_file.h"
#include "ledger/pipeline_state.h"
#include "ledger/tlog_proof.h"

namespace weir::ledger {
namespace {

using Entries = std::map<std::uint64_t, Entry>;

/// Collects what belongs to a cut while it is shown a ledger.
class CutEntries {
public:
    explicit CutEntries(CutNumber cut) : cut_(cut) {}

    Status see(std::uint64_t index, const Entry& entry) {
        if (const auto* const chunk = std::get_if<ChunkLanded>(&entry.body)) {
            chunks_.insert_or_assign({chunk->table, chunk->chunk}, std::pair(index, entry));
        } else if (const auto* const landed = std::get_if<CutLanded>(&entry.body)) {
            if (landed->cut == cut_ && landed->snapshot_attempt) {
                take_chunks();
            }
        }
        if (is_about(entry.body, cut_, cut_)) {
            entries.emplace(index, entry);
        }
        return state_.apply(entry);
    }

    Entries entries;

private:
    /// Of the chunks that landed, those that this cut has: the others had stopped counting.
    void take_chunks() {
        for (const auto& [key, chunk] : chunks_) {
            if (state_.chunks.contains(key) && state_.counts(key.first)) {
                entries.insert(chunk);
            }
        }
    }

    CutNumber cut_;
    PipelineState state_;
    std::map<std::pair<catalog::TableName, std::uint32_t>, std::pair<std::uint64_t, Entry>> chunks_;
};

/// Finds the entry that names a file while it is shown a ledger.
class FileEntry {
public:
    FileEntry(const store::ObjectStore& store, const WantedFile& wanted)
        : store_(store), wanted_(wanted) {}

    Status see(std::uint64_t index, const Entry& entry) {
        for (const NamedList& list : lists_of(entry.body)) {
            if (found) {
                break;
            }
            TRY_LET(const auto files, read_file_list(store_, list.files));
            for (const DataFile& file : files) {
                TRY(compare(index, entry, list, receipt_file(file, entry.run.epoch, list)));
            }
        }
        return {};
    }

    struct Found {
        std::uint64_t index = 0;
        Entry entry;
        ReceiptFile file;
        FileList list;
    };
    std::optional<Found> found;

private:
    Status compare(std::uint64_t index, const Entry& entry, const NamedList& list,
                   ReceiptFile file) {
        const bool same_path = !wanted_.path || *wanted_.path == file.path;
        if (found || !same_path || (!wanted_.path && file.sha256 != wanted_.sha256)) {
            return {};
        }
        if (file.sha256 != wanted_.sha256) {
            return fail(ErrorKind::corrupt,
                        "entry {}: the file was changed: it has not the hash that was committed, "
                        "path={}",
                        index, file.path);
        }
        found = {.index = index, .entry = entry, .file = std::move(file), .list = list.files};
        return {};
    }

    const store::ObjectStore& store_;
    const WantedFile& wanted_;
};

/// The text of a list's manifest, if it has one.
Result<std::optional<std::string>> manifest_text(const store::ObjectStore& store,
                                                 const FileList& list) {
    const auto* const manifest = std::get_if<Manifest>(&list);
    if (manifest == nullptr) {
        return std::nullopt;
    }
    TRY_LET(std::string text, read_named_by_hash(store, manifest_key(*manifest), manifest->sha256));
    return text;
}

}  // namespace

template <typename Collector>
Result<ReceiptBook::Entries> ReceiptBook::key_changes_beside(Collector& collector) {
    Entries changes;
    TRY(ledger_.read_each({}, [&](std::uint64_t index, const Entry& entry) {
        if (std::holds_alternative<KeyRotated>(entry.body)) {
            changes.emplace(index, entry);
        }
        return collector.see(index, entry);
    }));
    return changes;
}

Result<Receipt> ReceiptBook::of_cut(CutNumber cut) {
    CutEntries collected(cut);
    TRY_LET(Entries entries, key_changes_beside(collected));
    if (collected.entries.empty()) {
        return fail(ErrorKind::not_found,
                    "no such cut has landed; `weir status` says which is the last, cut={}",
                    cut.value);
    }
    entries.merge(collected.entries);
    return write({.subject = cut, .entries = {}, .manifest = {}, .verifier_key = {}}, entries);
}

Result<Receipt> ReceiptBook::of_file(const WantedFile& file) {
    FileEntry search(store_, file);
    TRY_LET(Entries entries, key_changes_beside(search));
    if (!search.found) {
        return fail(ErrorKind::not_found,
                    "no entry of the ledger names this file: it was never committed, or it was "
                    "changed, sha256={}",
                    to_hex(file.sha256));
    }
    entries.emplace(search.found->index, search.found->entry);
    TRY_LET(auto manifest, manifest_text(store_, search.found->list));
    return write({.subject = search.found->file,
                  .entries = {},
                  .manifest = std::move(manifest),
                  .verifier_key = {}},
                 entries);
}

Result<Receipt> ReceiptBook::write(Receipt receipt, const Entries& entries) {
    TRY(ledger_.finish());  // Proofs are made of tiles, which the newest entries may not have yet.
    const VerifyingKey& key = key_.verifying_key();
    TRY_LET(const auto note, read_checkpoint(store_));
    if (!note) {
        return fail(ErrorKind::corrupt, "the file is missing, path={}", checkpoint_key);
    }
    TRY_LET(const Checkpoint checkpoint, open_public(*note, {&key, 1}));
    // Signed again it has the same signature, and none of others beside it.
    TRY_LET(const std::string signed_note, sign_checkpoint(checkpoint, key_));
    receipt.verifier_key = format_verifier_key(key);
    InclusionProver prover(store_, checkpoint.size);
    for (const auto& [index, entry] : entries) {
        TRY_LET(std::string text, format_entry(entry));
        TRY_LET(auto inclusion, prover.prove(index));
        receipt.entries.push_back({.entry = std::move(text),
                                   .proof = format_tlog_proof({.inclusion = std::move(inclusion),
                                                               .checkpoint = signed_note})});
    }
    // What is handed out was checked: a proof out of damaged tiles proves nothing.
    TRY(check_receipt(receipt, key).with("the ledger is damaged; run `weir ledger verify`"));
    return receipt;
}

}  // namespace weir::ledger
