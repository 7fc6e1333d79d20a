#include "ledger/verify.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "ledger/file_check.h"
#include "ledger/head.h"
#include "ledger/key_rotation.h"
#include "ledger/merkle_tree.h"
#include "ledger/pipeline_state.h"
#include "ledger/tree_check.h"

namespace weir::ledger {
namespace {

/// What the ledger says of itself.
struct Statement {
    Checkpoint published;  // Tiles and bundles are written up to here; size 0 if never published.
    std::string published_note;
    Head head;
};

Status check_against(const Checkpoint& published, const Checkpoint& committed) {
    if (published.size > committed.size) {
        return fail(ErrorKind::corrupt,
                    "entry {} is missing: the head was taken back, head={}, checkpoint={}",
                    committed.size.entries, committed.size.entries, published.size.entries);
    }
    if (published.size == committed.size && published.root != committed.root) {
        return fail(ErrorKind::corrupt,
                    "head and checkpoint are signed for different entries, size={}",
                    committed.size.entries);
    }
    return {};
}

Result<Statement> look_once(const store::ObjectStore& store,
                            std::span<const VerifyingKey> trusted) {
    TRY_LET(const auto note, read_checkpoint(store));
    TRY_LET(auto head, read_head(store, trusted));
    Statement statement{.published = {}, .published_note = {}, .head = std::move(head.head)};
    if (note) {
        TRY_LET(const auto keys, checkpoint_keys(statement.head.tail, trusted));
        TRY_LET(statement.published, open_public(*note, keys));
        statement.published_note = note->note;
    }
    TRY(check_against(statement.published, statement.head.checkpoint));
    return statement;
}

Result<Statement> look(const store::ObjectStore& store, std::span<const VerifyingKey> trusted) {
    std::optional<TreeSize> seen;
    while (true) {
        TRY_LET(Statement statement, look_once(store, trusted));
        const TreeSize published = statement.published.size;
        const TreeSize before = statement.head.tail.before;
        if (published >= before) {
            return statement;
        }
        // Others may have published and appended between the two reads: then there is a newer one.
        if (published == seen) {
            return fail(ErrorKind::corrupt,
                        "the checkpoint was taken back: it is behind what head says is published, "
                        "checkpoint={}, before={}, path={}",
                        published.entries, before.entries, checkpoint_key);
        }
        seen = published;
    }
}

/// Returns the keys that follow from a trusted one by what the entries say, of which nothing is
/// verified yet: each change is signed by the key that was trusted before it.
Result<std::vector<VerifyingKey>> follow_keys(const store::ObjectStore& store,
                                              std::span<const VerifyingKey> trusted) {
    TRY_LET(const Tail tail, read_unverified_tail(store));
    TRY_LET(FoundEntries found, find_entries(store, tail.before));
    TRY_LET(auto changes, find_key_changes(found.texts, 0));
    TRY_LET(auto newest, find_key_changes(tail.entries, tail.before.entries));
    std::ranges::move(newest, std::back_inserter(changes));
    TRY_LET(const KeyHistory history, KeyHistory::follow(changes, trusted));
    return std::vector(history.keys().begin(), history.keys().end());
}

/// What is signed: the ledger's statement, and checkpoints that were kept elsewhere.
struct Signed {
    Statement statement;
    std::vector<Checkpoint> known;
};

Result<Signed> open_signed(const store::ObjectStore& store, std::span<const VerifyingKey> trusted,
                           const VerifyOptions& options) {
    Signed opened;
    TRY_LET(opened.statement, look(store, trusted));
    const TreeSize committed = opened.statement.head.checkpoint.size;
    for (const std::string& note : options.known_checkpoints) {
        TRY_LET(Checkpoint known, open_checkpoint(note, trusted).with("known checkpoint"));
        if (known.size > committed) {
            return fail(ErrorKind::corrupt,
                        "entry {} is missing: the ledger was cut below a known checkpoint, "
                        "head={}, known={}",
                        committed.entries, committed.entries, known.size.entries);
        }
        opened.known.push_back(std::move(known));
    }
    return opened;
}

/// Opens with the trusted keys, or with those that they lead to.
Result<Signed> follow_and_open(const store::ObjectStore& store,
                               std::span<const VerifyingKey> trusted,
                               const VerifyOptions& options) {
    auto opened = open_signed(store, trusted, options);
    if (opened || opened.error().kind() != ErrorKind::denied) {
        return opened;
    }
    TRY_LET(const auto keys, follow_keys(store, trusted));
    return open_signed(store, keys, options);
}

/// Checks the entries whose tiles are written; returns them.
Result<std::vector<std::string>> check_published(const store::ObjectStore& store,
                                                 const Signed& opened) {
    const Checkpoint& published = opened.statement.published;
    TRY_LET(FoundEntries found, find_entries(store, published.size));
    std::vector<Checkpoint> states;
    for (const Checkpoint& checkpoint : opened.known) {
        if (checkpoint.size <= published.size) {
            states.push_back(checkpoint);
        }
    }
    states.push_back(published);
    if (published.size.entries > 0) {
        TRY(check_entries(store, found, states));
    }
    return std::move(found.texts);
}

Status check_root(const MerkleEdge& edge, const Checkpoint& known) {
    if (edge.size() == known.size && edge.root() != known.root) {
        return fail(ErrorKind::corrupt,
                    "an entry before entry {} is not the one that a known checkpoint has: the "
                    "ledger was forked",
                    known.size.entries);
    }
    return {};
}

/// Adds the entries whose tiles wait and checks the roots that were signed since.
Status add_tail(std::vector<std::string>& texts, const Signed& opened) {
    const Tail& tail = opened.statement.head.tail;
    MerkleEdge edge;
    const auto ignore = [](unsigned /*height*/, const Digest& /*root*/) {};
    for (const std::string& text : texts) {
        edge.append(leaf_hash(text), ignore);
    }
    for (std::uint64_t index = texts.size(); index < tail.after().entries; ++index) {
        texts.push_back(tail.entries[index - tail.before.entries]);
        edge.append(leaf_hash(texts.back()), ignore);
        for (const Checkpoint& known : opened.known) {
            TRY(check_root(edge, known));
        }
    }
    if (edge.root() != opened.statement.head.checkpoint.root) {
        return fail(ErrorKind::corrupt,
                    "entries from {} on have not the root that head signed, path={}",
                    opened.statement.published.size.entries, head_key);
    }
    return {};
}

Status check_tail(std::span<const std::string> texts, const Tail& tail) {
    for (std::size_t index = 0; index < tail.entries.size(); ++index) {
        if (texts[tail.before.entries + index] != tail.entries[index]) {
            return fail(ErrorKind::corrupt, "entry {} is not the one that head has",
                        tail.before.entries + index);
        }
    }
    return {};
}

/// Checks that each checkpoint is signed by the key of its size.
Status check_signers(std::span<const std::string> texts, const Statement& statement,
                     std::span<const VerifyingKey> trusted, const VerifyOptions& options) {
    TRY_LET(const auto changes, find_key_changes(texts, 0));
    TRY_LET(const KeyHistory keys, KeyHistory::follow(changes, trusted));
    TRY(keys.open(statement.head.note).with(std::string(head_key)));
    if (!statement.published_note.empty()) {
        TRY(keys.open(statement.published_note).with(std::string(checkpoint_key)));
    }
    for (const std::string& note : options.known_checkpoints) {
        TRY(keys.open(note).with("known checkpoint"));
    }
    return {};
}

Status check_meaning(std::span<const std::string> texts, FileCheck& files) {
    PipelineState state;
    for (std::uint64_t index = 0; index < texts.size(); ++index) {
        TRY_LET(const Entry entry, parse_entry(texts[index]).with(fmt::format("entry {}", index)));
        TRY(state.apply(entry));
        TRY(files.add(index, entry));
    }
    return {};
}

HashOptions hash_options(const VerifyOptions& options, const std::string& note) {
    HashOptions hash{.hash_files = options.hash_files, .after = options.hashed, .on_progress = {}};
    if (options.on_progress) {
        hash.on_progress = [&](const HashProgress& files) {
            return options.on_progress({.checkpoint = note, .files = files});
        };
    }
    return hash;
}

Result<VerifyReport> verify_signed(const store::ObjectStore& store, const Signed& opened,
                                   std::span<const VerifyingKey> trusted,
                                   const VerifyOptions& options) {
    const Head& head = opened.statement.head;
    const TreeSize published = opened.statement.published.size;
    VerifyReport report{.size = head.checkpoint.size,
                        .root = head.checkpoint.root,
                        .unfinished = published < head.checkpoint.size};
    TRY_LET(auto texts, check_published(store, opened));
    TRY_LET(report.tiles, check_tiles(store, texts, published));
    TRY(add_tail(texts, opened));
    TRY(check_tail(texts, head.tail));
    TRY(check_signers(texts, opened.statement, trusted, options));
    FileCheck files(store);
    TRY(check_meaning(texts, files));
    TRY(files.check(hash_options(options, head.note)));
    report.files = files.files();
    report.bytes = files.bytes();
    return report;
}

}  // namespace

Result<VerifyReport> verify(const store::ObjectStore& store, std::span<const VerifyingKey> trusted,
                            const VerifyOptions& options) {
    TRY_LET(const Signed opened, follow_and_open(store, trusted, options).with("ledger"));
    return verify_signed(store, opened, trusted, options).with("ledger");
}

}  // namespace weir::ledger
