#include "ledger/tile_log.h"

#include <algorithm>

#include "base/assert.h"

namespace weir::ledger {
namespace {

constexpr int tries_max = 100;  // Others would have to publish this often during one publishing.
constexpr std::size_t tail_bytes_max = 32U << 10U;  // Every append writes the tail again.

std::size_t bytes_of(const Tail& tail) {
    std::size_t bytes = 0;
    for (const std::string& entry : tail.entries) {
        bytes += entry.size();
    }
    return bytes;
}

/// Only the swap itself can leave an append in doubt: nothing else commits anything.
Status never_in_doubt(Status status) {
    if (!status && status.error().kind() == ErrorKind::in_doubt) {
        return fail(ErrorKind::unavailable, "{}", status.error().message());
    }
    return status;
}

/// Creates an object whose content its key decides.
Status create_same(store::ObjectStore& store, const std::string& key,
                   std::span<const std::byte> bytes) {
    Status created = store::create_object(store, key, bytes);
    if (created || created.error().kind() != ErrorKind::already_exists) {
        return created;
    }
    TRY_LET(const auto existing, store.read(key));
    if (!std::ranges::equal(existing.bytes, bytes)) {
        return fail(ErrorKind::corrupt, "the file is there with other bytes, path={}", key);
    }
    return {};
}

/// Somebody else may fill the tile and remove its partial ones at any moment.
Status write_partial_tile(store::ObjectStore& store, const TileBytes& tile) {
    Status written = create_same(store, tile_key(tile.name), tile.bytes);
    if (!written && written.error().kind() != ErrorKind::not_found) {
        return written;
    }
    const TileName full{.level = tile.name.level, .index = tile.name.index};
    const auto filled = store.stat(tile_key(full));
    if (!written) {
        return filled ? Status{} : written;
    }
    return filled ? store.remove(tile_key(tile.name)) : Status{};
}

Status write_tile(store::ObjectStore& store, const TileBytes& tile) {
    if (tile.name.width < tile_width) {
        return write_partial_tile(store, tile);
    }
    TRY(create_same(store, tile_key(tile.name), tile.bytes));
    TRY_LET(const auto partial_tiles, store.list(partial_tiles_prefix(tile.name)));
    for (const auto& partial : partial_tiles) {
        TRY(store.remove(partial.key));
    }
    return {};
}

Status check_root(const TileEdge& edge, const Checkpoint& checkpoint) {
    if (edge.size() != checkpoint.size || edge.root() != checkpoint.root) {
        return fail(ErrorKind::corrupt,
                    "the tiles have not the root that was signed; run weir ledger verify, size={}",
                    checkpoint.size.entries);
    }
    return {};
}

/// Returns entries from `from` up to `to`: out of the tail what it has, else out of bundles.
Result<std::vector<std::string>> read_with(const store::ObjectStore& store, const Tail& tail,
                                           TreeSize from, TreeSize to) {
    std::vector<std::string> entries;
    std::uint64_t next = from.entries;
    const std::uint64_t bundled = std::min(to, tail.before).entries;
    while (next < bundled) {
        const std::uint64_t first = next / tile_width * tile_width;
        // What is durable for certain are the bundles of the tail's begin.
        const std::uint64_t width = std::min(tile_width, tail.before.entries - first);
        TRY_LET(auto bundle, read_bundle(store, {.index = first / tile_width, .width = width}));
        const std::uint64_t end = std::min(first + width, bundled);
        std::move(bundle.begin() + static_cast<std::ptrdiff_t>(next - first),
                  bundle.begin() + static_cast<std::ptrdiff_t>(end - first),
                  std::back_inserter(entries));
        next = end;
    }
    for (; next < to.entries; ++next) {
        entries.push_back(tail.entries[next - tail.before.entries]);
    }
    return entries;
}

}  // namespace

Status TileLog::create(store::ObjectStore& store, const SigningKey& key, std::string entry) {
    const auto head = read_head(store, {&key.verifying_key(), 1});
    if (head) {
        return fail(ErrorKind::already_exists, "there is a ledger already, path={}", head_key);
    }
    if (head.error().kind() != ErrorKind::not_found) {
        return std::unexpected(head.error());
    }
    TileLog log(store, key);
    Status appended = log.append({&entry, 1});
    if (!appended && appended.error().kind() == ErrorKind::conflict) {
        return fail(ErrorKind::already_exists, "somebody made the ledger first, path={}", head_key);
    }
    TRY(appended);
    // The ledger is there: a failure from here on is mended by whoever opens it.
    static_cast<void>(log.finish());
    return {};
}

Result<TileLog> TileLog::open(store::ObjectStore& store, const SigningKey& key) {
    TileLog log(store, key);
    TRY_LET(Sight sight, log.look());
    const Tail tail = sight.head.head.tail;
    TRY_LET(TileEdge edge, TileEdge::read(store, tail.before));
    TRY(log.adopt(std::move(sight), std::move(edge), tail.entries));
    TRY(log.finish());
    return log;
}

Status TileLog::adopt(Sight sight, TileEdge edge, std::span<const std::string> entries) {
    for (const std::string& entry : entries) {
        edge.append(entry);
    }
    TRY(check_root(edge, sight.head.head.checkpoint));
    finished_ = sight.is_finished();
    if (finished_) {
        static_cast<void>(edge.take_changes());
    }
    edge_ = std::move(edge);
    head_ = std::move(sight.head);
    return {};
}

Result<VersionedHead> TileLog::look_at_head() const {
    auto head = read_head(*store_, trusted());
    if (!head && head.error().kind() == ErrorKind::denied && head_) {
        return fail(ErrorKind::denied,
                    "the ledger's key was rotated: this process has the old one and commits no "
                    "more; start it again, size={}",
                    size().entries);
    }
    return head;
}

Result<TileLog::Sight> TileLog::look() const {
    while (true) {
        // The checkpoint first: it never is ahead of a head that is read later.
        TRY_LET(const auto note, read_checkpoint(*store_));
        TRY_LET(auto head, look_at_head());
        auto sight = sight_of(note, std::move(head));
        if (sight || sight.error().kind() != ErrorKind::denied) {
            return sight;
        }
        // The head may no longer tell whose checkpoint that was: then there is a newer one.
        TRY_LET(const auto newer, read_checkpoint(*store_));
        if (newer && note && newer->version == note->version) {
            return sight;
        }
    }
}

Result<TileLog::Sight> TileLog::sight_of(const std::optional<CheckpointNote>& note,
                                         VersionedHead head) const {
    Sight sight{.checkpoint = {}, .head = std::move(head)};
    if (!note) {
        return sight;
    }
    const Checkpoint& committed = sight.head.head.checkpoint;
    TRY_LET(const auto keys, checkpoint_keys(sight.head.head.tail, trusted()));
    TRY_LET(sight.checkpoint, open_public(*note, keys));
    if (sight.checkpoint->size > committed.size ||
        (sight.checkpoint->size == committed.size && sight.checkpoint->root != committed.root)) {
        return fail(ErrorKind::corrupt,
                    "the head is not what the checkpoint saw: it was taken back; put the newest "
                    "ledger/ back from a copy, head={}, checkpoint={}",
                    committed.size.entries, sight.checkpoint->size.entries);
    }
    return sight;
}

Result<std::vector<std::string>> TileLog::refresh() {
    TRY_LET(Sight sight, look());
    in_doubt_ = false;
    if (head_ && sight.head.version == head_->version) {
        return std::vector<std::string>{};
    }
    const Head& head = sight.head.head;
    if (head.checkpoint.size <= size()) {
        return fail(
            ErrorKind::corrupt,
            "the ledger went back: an older one was put in its place; put the newest ledger/ "
            "back, size={}, before={}",
            head.checkpoint.size.entries, size().entries);
    }
    TRY_LET(auto entries, read_with(*store_, head.tail, size(), head.checkpoint.size));
    TRY(adopt(std::move(sight), edge_, entries));
    return entries;
}

Result<Tail> TileLog::begin_tail() {
    if (head_ && bytes_of(head_->head.tail) > tail_bytes_max) {
        TRY(finish());
    }
    return finished_ ? Tail{.before = size(), .entries = {}} : head_->head.tail;
}

Status TileLog::append_and_rotate(std::span<const std::string> entries, const SigningKey& next) {
    TRY(append(entries, next));
    key_ = &next;
    return {};
}

Status TileLog::append(std::span<const std::string> entries, const SigningKey& signer) {
    WEIR_ASSERT(!entries.empty());
    if (in_doubt_) {
        return fail(ErrorKind::conflict,
                    "cannot append: the outcome of an append before is unknown; look first");
    }
    TRY_LET(Tail tail, begin_tail());
    tail.entries.insert(tail.entries.end(), entries.begin(), entries.end());
    TileEdge edge = edge_;
    for (const std::string& entry : entries) {
        edge.append(entry);
    }
    Head head{.checkpoint = {.origin = signer.verifying_key().name(),
                             .size = edge.size(),
                             .root = edge.root()},
              .note = {},
              .tail = std::move(tail)};
    TRY_LET(head.note, sign_checkpoint(head.checkpoint, signer));
    return commit(std::move(head), std::move(edge));
}

Status TileLog::commit(Head head, TileEdge edge) {
    const auto before = head_ ? std::optional(head_->version) : std::nullopt;
    const std::string text = format_head(head);
    auto version = store_->replace(head_key, before, std::as_bytes(std::span(text)));
    if (!version) {
        in_doubt_ = version.error().kind() == ErrorKind::in_doubt;
        return std::unexpected(std::move(version).error());
    }
    head_ = VersionedHead{.head = std::move(head), .version = *std::move(version)};
    edge_ = std::move(edge);
    finished_ = false;
    return {};
}

Status TileLog::finish() {
    if (finished_) {
        return {};
    }
    TileEdge edge = edge_;  // A failure leaves the changes for the next try.
    for (const TileBytes& tile : edge.take_changes()) {
        TRY(never_in_doubt(write_tile(*store_, tile)));
    }
    TRY(never_in_doubt(publish(head_->head)));
    edge_ = std::move(edge);
    finished_ = true;
    return {};
}

Status TileLog::publish(const Head& head) const {
    TRY_LET(const auto keys, checkpoint_keys(head.tail, trusted()));
    for (int tries = 0; tries < tries_max; ++tries) {
        TRY_LET(const auto current, read_checkpoint(*store_));
        if (current) {
            TRY_LET(const Checkpoint published, open_public(*current, keys));
            if (published.size >= head.checkpoint.size) {
                return {};
            }
        }
        const auto expected = current ? std::optional(current->version) : std::nullopt;
        const auto replaced =
            store_->replace(checkpoint_key, expected, std::as_bytes(std::span(head.note)));
        if (replaced || replaced.error().kind() != ErrorKind::conflict) {
            return replaced ? Status{} : std::unexpected(replaced.error());
        }
    }
    return fail(ErrorKind::unavailable, "cannot publish checkpoint: others always are first");
}

Result<std::vector<std::string>> TileLog::read(TreeSize from, TreeSize to) const {
    WEIR_ASSERT(from <= to && to <= size());
    return head_ ? read_with(*store_, head_->head.tail, from, to) : std::vector<std::string>{};
}

}  // namespace weir::ledger
