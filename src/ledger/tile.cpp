#include "ledger/tile.h"

#include <algorithm>

#include "base/assert.h"
#include "base/byte_text.h"

namespace weir::ledger {
namespace {

/// Returns the last group of three digits, and before it the others with an x.
std::string index_path(std::uint64_t index) {
    std::string path = fmt::format("{:03}", index % 1000);
    while (index >= 1000) {
        index /= 1000;
        path = fmt::format("x{:03}/{}", index % 1000, path);
    }
    return path;
}

std::string full_tile_key(const TileName& name) {
    const std::string level =
        name.level == TileName::entries ? "entries" : std::to_string(name.level);
    return fmt::format("ledger/tile/{}/{}", level, index_path(name.index));
}

/// Reads the tile or a longer one that replaced it.
Result<std::vector<std::byte>> read_bytes(const store::ObjectStore& store, const TileName& name) {
    auto tile = store.read(tile_key(name));
    if (!tile && tile.error().kind() == ErrorKind::not_found && name.width < tile_width) {
        tile = store.read(full_tile_key(name));
    }
    if (!tile && tile.error().kind() == ErrorKind::not_found) {
        return fail(ErrorKind::corrupt, "the file is missing, path={}", tile_key(name));
    }
    if (!tile) {
        return std::unexpected(std::move(tile).error());
    }
    return std::move(tile->bytes);
}

template <typename Item>
Result<std::vector<Item>> first_items(Result<std::vector<Item>> items, const TileName& name) {
    if (!items) {
        return std::move(items).with(tile_key(name));
    }
    if (items->size() < name.width) {
        return fail(ErrorKind::corrupt, "the file is too short, items={}, expected={}, path={}",
                    items->size(), name.width, tile_key(name));
    }
    items->resize(name.width);
    return items;
}

}  // namespace

std::string tile_key(const TileName& name) {
    WEIR_ASSERT(name.width >= 1 && name.width <= tile_width);
    if (name.width == tile_width) {
        return full_tile_key(name);
    }
    return fmt::format("{}{}", partial_tiles_prefix(name), name.width);
}

std::string partial_tiles_prefix(const TileName& name) {
    return full_tile_key(name) + ".p/";
}

void append_to_bundle(std::vector<std::byte>& bundle, std::string_view entry) {
    WEIR_ASSERT(entry.size() <= 0xFFFF);
    bundle.push_back(static_cast<std::byte>(entry.size() >> 8U));
    bundle.push_back(static_cast<std::byte>(entry.size() & 0xFFU));
    const auto bytes = std::as_bytes(std::span(entry));
    bundle.insert(bundle.end(), bytes.begin(), bytes.end());
}

Result<std::vector<std::string>> parse_bundle(std::span<const std::byte> bundle) {
    std::vector<std::string> entries;
    while (!bundle.empty()) {
        const std::size_t size = bundle.size() < 2 ? bundle.size()
                                                   : std::to_integer<std::size_t>(bundle[0]) << 8U |
                                                         std::to_integer<std::size_t>(bundle[1]);
        if (bundle.size() < 2 || bundle.size() - 2 < size) {
            return fail(ErrorKind::corrupt, "an entry is torn, index={}", entries.size());
        }
        entries.emplace_back(as_text(bundle.subspan(2, size)));
        bundle = bundle.subspan(2 + size);
    }
    return entries;
}

void append_to_tile(std::vector<std::byte>& tile, const Digest& hash) {
    tile.insert(tile.end(), hash.begin(), hash.end());
}

Result<std::vector<Digest>> parse_tile(std::span<const std::byte> tile) {
    std::vector<Digest> hashes;
    if (tile.size() % sizeof(Digest) != 0) {
        return fail(ErrorKind::corrupt, "a hash is torn, index={}", tile.size() / sizeof(Digest));
    }
    for (; !tile.empty(); tile = tile.subspan(sizeof(Digest))) {
        std::ranges::copy(tile.first(sizeof(Digest)), hashes.emplace_back().begin());
    }
    return hashes;
}

Result<std::vector<Digest>> read_tile(const store::ObjectStore& store, const TileName& name) {
    TRY_LET(const auto bytes, read_bytes(store, name));
    return first_items(parse_tile(bytes), name);
}

Result<std::vector<std::string>> read_bundle(const store::ObjectStore& store, TileName name) {
    name.level = TileName::entries;
    TRY_LET(const auto bytes, read_bytes(store, name));
    return first_items(parse_bundle(bytes), name);
}

}  // namespace weir::ledger
