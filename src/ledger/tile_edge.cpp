#include "ledger/tile_edge.h"

#include <utility>

namespace weir::ledger {
namespace {

constexpr int levels_max = 8;  // 64 bits of size, eight to a level.

void ignore(unsigned /*height*/, const Digest& /*root*/) {}

}  // namespace

Result<TileEdge> TileEdge::read(const store::ObjectStore& store, TreeSize size) {
    TileEdge edge;
    for (int level = levels_max; level-- > 0;) {
        const unsigned height = tile_height * static_cast<unsigned>(level);
        const std::uint64_t hashes = size.entries >> height;
        Tile tile{.index = hashes / tile_width, .width = hashes % tile_width, .bytes = {}};
        if (tile.width > 0) {
            TRY_LET(const auto roots, read_tile(store, {level, tile.index, tile.width}));
            for (const Digest& root : roots) {
                append_to_tile(tile.bytes, root);
                edge.tree_.append_subtree(height, root, ignore);
            }
        }
        if (hashes > 0) {
            edge.tiles_.emplace(level, std::move(tile));
        }
    }
    Tile bundle{
        .index = size.entries / tile_width, .width = size.entries % tile_width, .bytes = {}};
    if (bundle.width > 0) {
        TRY_LET(const auto entries,
                read_bundle(store, {TileName::entries, bundle.index, bundle.width}));
        for (const std::string& entry : entries) {
            append_to_bundle(bundle.bytes, entry);
        }
    }
    edge.tiles_.emplace(TileName::entries, std::move(bundle));
    return edge;
}

void TileEdge::count(int level, Tile& tile) {
    tile.changed = true;
    if (++tile.width == tile_width) {
        full_.push_back({{level, tile.index, tile.width}, std::move(tile.bytes)});
        tile = {.index = tile.index + 1, .width = 0, .bytes = {}};
    }
}

void TileEdge::append(std::string_view entry) {
    Tile& bundle = tiles_[TileName::entries];
    append_to_bundle(bundle.bytes, entry);
    count(TileName::entries, bundle);
    tree_.append(leaf_hash(entry), [this](unsigned height, const Digest& root) {
        if (height % tile_height == 0) {
            const int level = static_cast<int>(height / tile_height);
            append_to_tile(tiles_[level].bytes, root);
            count(level, tiles_[level]);
        }
    });
}

std::vector<TileBytes> TileEdge::take_changes() {
    std::vector<TileBytes> changes = std::exchange(full_, {});
    for (auto& [level, tile] : tiles_) {
        if (tile.changed && tile.width > 0) {
            changes.push_back({{level, tile.index, tile.width}, tile.bytes});
        }
        tile.changed = false;
    }
    return changes;
}

}  // namespace weir::ledger
