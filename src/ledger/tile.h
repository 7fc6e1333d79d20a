#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "store/object_store.h"

namespace weir::ledger {

inline constexpr std::uint64_t tile_width = 256;  // Hashes of a full tile, entries of a bundle.
inline constexpr unsigned tile_height = 8;        // Levels of the tree between two levels of tiles.

/// A tile of hashes (`level` 0 and up) or a bundle of entries.
struct TileName {
    static constexpr int entries = -1;

    int level = entries;
    std::uint64_t index = 0;
    std::uint64_t width = tile_width;  // 1 to tile_width; less than that is a partial tile.
};

/// Writes the tile's key in the store: "ledger/tile/0/x001/234.p/5".
std::string tile_key(const TileName& name);
/// Returns the prefix of the keys of all partial tiles with this level and index.
std::string partial_tiles_prefix(const TileName& name);

/// Writes entries as a bundle. REQUIRES: each has at most 65,535 bytes.
void append_to_bundle(std::vector<std::byte>& bundle, std::string_view entry);
/// Reads the entries of a bundle. Fails with `corrupt` on a torn one.
Result<std::vector<std::string>> parse_bundle(std::span<const std::byte> bundle);

void append_to_tile(std::vector<std::byte>& tile, const Digest& hash);
/// Fails with `corrupt` if the bytes are not whole hashes.
Result<std::vector<Digest>> parse_tile(std::span<const std::byte> tile);

/// Reads the first `name.width` hashes of a tile, out of the full one where the partial one is
/// gone. Fails with `corrupt` if there are fewer, or none of the files.
Result<std::vector<Digest>> read_tile(const store::ObjectStore& store, const TileName& name);
/// Reads the first `name.width` entries of a bundle likewise.
Result<std::vector<std::string>> read_bundle(const store::ObjectStore& store, TileName name);

}  // namespace weir::ledger
