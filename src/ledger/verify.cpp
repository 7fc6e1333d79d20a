#include "ledger/verify.h"

#include <optional>
#include <utility>

#include "ledger/file_check.h"
#include "ledger/head.h"
#include "ledger/merkle_tree.h"
#include "ledger/pipeline_state.h"
#include "ledger/tree_check.h"

namespace weir::ledger {
namespace {

/// What the ledger says of itself.
struct Statement {
    Checkpoint published;  // Tiles and bundles are written up to here; size 0 if never published.
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
    TRY_LET(const auto published, read_checkpoint(store, trusted));
    TRY_LET(auto head, read_head(store, trusted));
    Statement statement{.published = published ? published->checkpoint : Checkpoint{},
                        .head = std::move(head.head)};
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

Result<std::vector<Checkpoint>> open_known(const VerifyOptions& options,
                                           std::span<const VerifyingKey> trusted,
                                           const Checkpoint& committed) {
    std::vector<Checkpoint> known;
    for (const std::string& note : options.known_checkpoints) {
        TRY_LET(Checkpoint checkpoint, open_checkpoint(note, trusted).with("known checkpoint"));
        if (checkpoint.size > committed.size) {
            return fail(ErrorKind::corrupt,
                        "entry {} is missing: the ledger was cut below a known checkpoint, "
                        "head={}, known={}",
                        committed.size.entries, committed.size.entries, checkpoint.size.entries);
        }
        known.push_back(std::move(checkpoint));
    }
    return known;
}

/// Adds the entries whose tiles wait and checks the root that head signed.
Status add_tail(std::vector<std::string>& texts, const Statement& statement) {
    const std::uint64_t published = statement.published.size.entries;
    const std::uint64_t before = statement.head.tail.before.entries;
    for (std::uint64_t index = published; index < statement.head.checkpoint.size.entries; ++index) {
        texts.push_back(statement.head.tail.entries[index - before]);
    }
    MerkleEdge edge;
    for (const std::string& text : texts) {
        edge.append(leaf_hash(text), [](unsigned /*height*/, const Digest& /*root*/) {});
    }
    if (edge.root() != statement.head.checkpoint.root) {
        return fail(ErrorKind::corrupt,
                    "entries from {} on have not the root that head signed, path={}", published,
                    head_key);
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

Status check_meaning(std::span<const std::string> texts, FileCheck& files) {
    PipelineState state;
    for (std::uint64_t index = 0; index < texts.size(); ++index) {
        TRY_LET(const Entry entry, parse_entry(texts[index]).with(fmt::format("entry {}", index)));
        TRY(state.apply(entry));
        TRY(files.add(index, entry));
    }
    return {};
}

Result<VerifyReport> verify_statement(const store::ObjectStore& store, const Statement& statement,
                                      std::span<const Checkpoint> known,
                                      const VerifyOptions& options) {
    const TreeSize published = statement.published.size;
    TRY_LET(FoundEntries found, find_entries(store, published));
    std::vector<Checkpoint> states;
    for (const Checkpoint& checkpoint : known) {
        if (checkpoint.size <= published) {
            states.push_back(checkpoint);
        }
    }
    states.push_back(statement.published);
    if (published.entries > 0) {
        TRY(check_entries(store, found, states));
    }
    VerifyReport report{.size = statement.head.checkpoint.size,
                        .root = statement.head.checkpoint.root,
                        .unfinished = published < statement.head.checkpoint.size};
    TRY_LET(report.tiles, check_tiles(store, found.texts, published));
    TRY(add_tail(found.texts, statement));
    TRY(check_tail(found.texts, statement.head.tail));
    FileCheck files(store);
    TRY(check_meaning(found.texts, files));
    TRY(files.check(options.hash_files));
    report.files = files.files();
    report.bytes = files.bytes();
    return report;
}

}  // namespace

Result<VerifyReport> verify(const store::ObjectStore& store, std::span<const VerifyingKey> trusted,
                            const VerifyOptions& options) {
    TRY_LET(const Statement statement, look(store, trusted).with("ledger"));
    TRY_LET(const auto known, open_known(options, trusted, statement.head.checkpoint));
    return verify_statement(store, statement, known, options).with("ledger");
}

}  // namespace weir::ledger
