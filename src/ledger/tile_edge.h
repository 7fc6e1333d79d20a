#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/merkle_tree.h"
#include "ledger/tile.h"
#include "store/object_store.h"

namespace weir::ledger {

/// A tile as it is to be written.
struct TileBytes {
    TileName name;
    std::vector<std::byte> bytes;
};

/// The tiles at the right end of a ledger that are not full: all that is needed to append to it.
/// Holds at most 255 entries and 255 hashes a level, whatever the ledger's size. A value: appending
/// to a copy tries an append out.
class TileEdge {
public:
    /// Reads the edge of a ledger of this size. Fails with `corrupt`.
    static Result<TileEdge> read(const store::ObjectStore& store, TreeSize size);

    TreeSize size() const { return tree_.size(); }
    RootHash root() const { return tree_.root(); }

    void append(std::string_view entry);
    /// Returns the tiles that changed since the last call, full ones first: those to write.
    std::vector<TileBytes> take_changes();

private:
    struct Tile {
        std::uint64_t index = 0;
        std::uint64_t width = 0;
        std::vector<std::byte> bytes;
        bool changed = false;
    };

    /// Closes the tile if it is full and begins the next one.
    void count(int level, Tile& tile);

    MerkleEdge tree_;
    std::map<int, Tile> tiles_;  // By level; none of them is full.
    std::vector<TileBytes> full_;
};

}  // namespace weir::ledger
