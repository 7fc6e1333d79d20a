#include "ledger/tile_log.h"

#include <algorithm>

#include "base/assert.h"
#include "ledger/staging.h"

namespace weir::ledger {
namespace {

constexpr int looks_max = 100;  // Others would have to commit this often during one look.

/// Only the swap itself can leave an append in doubt: nothing before it commits anything.
Status before_commit(Status status) {
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
    TRY_LET(log.edge_, TileEdge::read(store, sight.head.head.checkpoint.size));
    TRY(check_root(log.edge_, sight.head.head.checkpoint));
    log.sweep(sight.head.head);
    log.head_ = std::move(sight.head);
    return log;
}

Result<TileLog::Sight> TileLog::look() const {
    for (int looks = 0; looks < looks_max; ++looks) {
        auto sight = look_once();
        if (sight || sight.error().kind() != ErrorKind::conflict) {
            return sight;
        }
    }
    return fail(ErrorKind::unavailable, "cannot read ledger: head changes with every look; retry");
}

Result<TileLog::Sight> TileLog::look_once() const {
    // The checkpoint first: it never is ahead of a head that is read later.
    TRY_LET(auto checkpoint, read_checkpoint(*store_, trusted()));
    TRY_LET(auto head, read_head(*store_, trusted()));
    const Checkpoint& committed = head.head.checkpoint;
    if (checkpoint && (checkpoint->checkpoint.size > committed.size ||
                       (checkpoint->checkpoint.size == committed.size &&
                        checkpoint->checkpoint.root != committed.root))) {
        return fail(ErrorKind::corrupt,
                    "the head is not what the checkpoint saw: it was taken back, head={}, "
                    "checkpoint={}",
                    committed.size.entries, checkpoint->checkpoint.size.entries);
    }
    Sight sight{.checkpoint = std::move(checkpoint), .head = std::move(head)};
    TRY(finish(sight));
    return sight;
}

Status TileLog::finish(const Sight& sight) const {
    const Head& head = sight.head.head;
    if (sight.checkpoint && sight.checkpoint->checkpoint.size == head.checkpoint.size) {
        return {};
    }
    const auto tail = read_tail(*store_, head.staging);
    if (!tail && tail.error().kind() == ErrorKind::not_found) {
        TRY_LET(const auto now, read_head(*store_, trusted()));
        if (now.version == sight.head.version) {
            return fail(ErrorKind::corrupt, "the staging object of head is missing, path={}",
                        head.staging);
        }
        return fail(ErrorKind::conflict, "the head moved on");
    }
    if (!tail) {
        return std::unexpected(tail.error());
    }
    TRY_LET(TileEdge edge, TileEdge::read(*store_, tail->before));
    for (const std::string& entry : tail->entries) {
        edge.append(entry);
    }
    TRY(check_root(edge, head.checkpoint));
    TRY(write_tiles(edge.take_changes()));
    return publish(head);
}

void TileLog::sweep(const Head& head) const {
    const auto staged = store_->list(staging_prefix);
    if (!staged) {
        return;  // Litter can wait for the next one who opens.
    }
    for (const auto& object : *staged) {
        const auto size = staged_size(object.key);
        if (size && *size <= head.checkpoint.size && object.key != head.staging) {
            static_cast<void>(store_->remove(object.key));
        }
    }
}

Result<std::vector<std::string>> TileLog::refresh() {
    TRY(finish());
    TRY_LET(Sight sight, look());
    if (!lost_.empty() && lost_ != sight.head.head.staging) {
        static_cast<void>(store_->remove(lost_));
    }
    lost_.clear();
    if (head_ && sight.head.version == head_->version) {
        return std::vector<std::string>{};
    }
    const Checkpoint& checkpoint = sight.head.head.checkpoint;
    if (checkpoint.size <= size()) {
        return fail(ErrorKind::corrupt, "the ledger went back, size={}, before={}",
                    checkpoint.size.entries, size().entries);
    }
    TRY_LET(auto entries, read(size(), checkpoint.size));
    TileEdge edge = edge_;
    for (const std::string& entry : entries) {
        edge.append(entry);
    }
    TRY(check_root(edge, checkpoint));
    static_cast<void>(edge.take_changes());  // `look` has seen them durable.
    edge_ = std::move(edge);
    head_ = std::move(sight.head);
    pending_.clear();
    finished_ = true;
    superseded_.clear();
    return entries;
}

Status TileLog::append(std::span<const std::string> entries) {
    WEIR_ASSERT(!entries.empty());
    if (in_doubt_) {
        return fail(ErrorKind::in_doubt,
                    "cannot append: the outcome of an append before is unknown; open the ledger "
                    "again and look");
    }
    TRY(before_commit(finish()));
    return commit(entries);
}

Status TileLog::commit(std::span<const std::string> entries) {
    const StagedTail tail{.before = size(), .entries = {entries.begin(), entries.end()}};
    const std::vector<std::byte> bytes = format_tail(tail);
    TileEdge edge = edge_;
    for (const std::string& entry : entries) {
        edge.append(entry);
    }
    Head head{.checkpoint = {.origin = key_->verifying_key().name(),
                             .size = edge.size(),
                             .root = edge.root()},
              .note = {},
              .staging = staging_key(tail.after(), bytes)};
    TRY_LET(head.note, sign_checkpoint(head.checkpoint, *key_));
    TRY(before_commit(create_same(*store_, head.staging, bytes)));
    const auto before = head_ ? std::optional(head_->version) : std::nullopt;
    const std::string text = format_head(head);
    auto version = store_->replace(head_key, before, std::as_bytes(std::span(text)));
    if (!version) {
        in_doubt_ = version.error().kind() == ErrorKind::in_doubt;
        lost_ = version.error().kind() == ErrorKind::conflict ? head.staging : "";
        return std::unexpected(std::move(version).error());
    }
    superseded_ = head_ ? head_->head.staging : "";
    head_ = VersionedHead{.head = std::move(head), .version = *std::move(version)};
    pending_ = edge.take_changes();
    edge_ = std::move(edge);
    finished_ = false;
    return {};
}

Status TileLog::finish() {
    if (finished_ || !head_) {
        return {};
    }
    TRY(write_tiles(pending_));
    TRY(publish(head_->head));
    pending_.clear();
    finished_ = true;
    if (!superseded_.empty()) {
        static_cast<void>(store_->remove(superseded_));
    }
    return {};
}

Status TileLog::write_tiles(std::span<const TileBytes> tiles) const {
    for (const TileBytes& tile : tiles) {
        TRY(write_tile(*store_, tile));
    }
    return {};
}

Status TileLog::publish(const Head& head) const {
    for (int looks = 0; looks < looks_max; ++looks) {
        TRY_LET(const auto current, read_checkpoint(*store_, trusted()));
        if (current && current->checkpoint.size >= head.checkpoint.size) {
            return {};
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
    WEIR_ASSERT(from <= to);
    std::vector<std::string> entries;
    for (std::uint64_t index = from.entries / tile_width; index * tile_width < to.entries;
         ++index) {
        const std::uint64_t first = index * tile_width;
        const std::uint64_t width = std::min(tile_width, to.entries - first);
        TRY_LET(auto bundle, read_bundle(*store_, {.index = index, .width = width}));
        const std::uint64_t skip = from.entries > first ? from.entries - first : 0;
        std::move(bundle.begin() + static_cast<std::ptrdiff_t>(skip), bundle.end(),
                  std::back_inserter(entries));
    }
    return entries;
}

}  // namespace weir::ledger
