#include "ledger/tree_check.h"

#include <algorithm>
#include <map>

#include "ledger/merkle_tree.h"
#include "ledger/tampering.h"
#include "ledger/tile.h"

namespace weir::ledger {
namespace {

void ignore(unsigned /*height*/, const Digest& /*root*/) {}

RootHash root_of(std::span<const Digest> leaves) {
    MerkleEdge edge;
    for (const Digest& leaf : leaves) {
        edge.append(leaf, ignore);
    }
    return edge.root();
}

std::vector<Digest> leaves_of(std::span<const std::string> texts) {
    std::vector<Digest> leaves;
    leaves.reserve(texts.size());
    for (const std::string& text : texts) {
        leaves.push_back(leaf_hash(text));
    }
    return leaves;
}

/// Takes the entries of a bundle apart; what is torn at its end counts as an entry.
std::vector<std::string> take_entries(std::span<const std::byte> rest) {
    std::vector<std::string> entries;
    while (!rest.empty()) {
        std::string& entry = entries.emplace_back();
        std::size_t size = rest.size();
        if (rest.size() >= 2) {
            size =
                std::to_integer<std::size_t>(rest[0]) << 8U | std::to_integer<std::size_t>(rest[1]);
            rest = rest.subspan(2);
        }
        size = std::min(size, rest.size());
        for (const std::byte byte : rest.first(size)) {
            entry.push_back(static_cast<char>(byte));
        }
        rest = rest.subspan(size);
    }
    return entries;
}

/// Reads a bundle, or the full one that replaced it; fails with `not_found`.
Result<std::vector<std::byte>> find_bundle(const store::ObjectStore& store, const TileName& name) {
    auto object = store.read(tile_key(name));
    if (!object && object.error().kind() == ErrorKind::not_found) {
        object = store.read(tile_key({.index = name.index}));
        if (object) {
            // Only the beginning of the full one was committed at this size.
            TRY_LET(auto entries, parse_bundle(object->bytes).with(tile_key(name)));
            std::vector<std::byte> bytes;
            entries.resize(std::min<std::size_t>(entries.size(), name.width));
            for (const std::string& entry : entries) {
                append_to_bundle(bytes, entry);
            }
            return bytes;
        }
    }
    if (!object) {
        return std::unexpected(std::move(object).error());
    }
    return std::move(object->bytes);
}

/// Reads the committed leaves as the tiles have them, up to the first tile that cannot be read.
std::vector<Digest> tile_leaves(const store::ObjectStore& store, TreeSize size) {
    std::vector<Digest> leaves;
    for (std::uint64_t index = 0; index * tile_width < size.entries; ++index) {
        const std::uint64_t width = std::min(tile_width, size.entries - index * tile_width);
        const auto tile = read_tile(store, {.level = 0, .index = index, .width = width});
        if (!tile) {
            break;
        }
        leaves.insert(leaves.end(), tile->begin(), tile->end());
    }
    return leaves;
}

/// The entries do not have the root that was signed at `state`: says which one is at fault, as far
/// as the tiles of `newest` tell.
std::unexpected<Error> diagnose(const store::ObjectStore& store, const FoundEntries& found,
                                std::span<const Digest> leaves, const Checkpoint& state,
                                const Checkpoint& newest) {
    const std::vector<Digest> committed = tile_leaves(store, newest.size);
    const bool committed_is_signed =
        committed.size() == newest.size.entries && root_of(committed) == newest.root;
    const std::string detail = found.broken.empty() ? "" : fmt::format(" ({})", found.broken);
    if (!std::ranges::equal(leaves, committed)) {
        return fail(ErrorKind::corrupt, "{}{}{}", describe_tampering(leaves, committed), detail,
                    committed_is_signed ? "" : "; the tiles were changed as well");
    }
    return fail(ErrorKind::corrupt,
                "an entry before entry {} was rewritten together with its tiles: the root is not "
                "the one that was signed{}",
                state.size.entries, detail);
}

/// Hashes of each level of tiles, from the leaves.
std::map<int, std::vector<Digest>> tile_levels(std::span<const std::string> texts, TreeSize size) {
    std::map<int, std::vector<Digest>> levels;
    MerkleEdge edge;
    for (const std::string& text : texts.first(size.entries)) {
        edge.append(leaf_hash(text), [&levels](unsigned height, const Digest& root) {
            if (height % tile_height == 0) {
                levels[static_cast<int>(height / tile_height)].push_back(root);
            }
        });
    }
    return levels;
}

Status check_tile(const store::ObjectStore& store, const TileName& name,
                  std::span<const Digest> expected) {
    TRY_LET(const auto found, read_tile(store, name));
    const auto [place, other] = std::ranges::mismatch(found, expected);
    if (place != found.end()) {
        const std::uint64_t hash = static_cast<std::uint64_t>(place - found.begin());
        const auto height = tile_height * static_cast<unsigned>(name.level);
        return fail(ErrorKind::corrupt,
                    "the tile was changed: hash {} is not that of the entries from {} on, path={}",
                    hash, (name.index * tile_width + hash) << height, tile_key(name));
    }
    return {};
}

}  // namespace

Result<FoundEntries> find_entries(const store::ObjectStore& store, TreeSize size) {
    FoundEntries found;
    for (std::uint64_t index = 0; index * tile_width < size.entries; ++index) {
        const TileName name{.index = index,
                            .width = std::min(tile_width, size.entries - index * tile_width)};
        const auto bundle = find_bundle(store, name);
        if (!bundle && bundle.error().kind() == ErrorKind::not_found) {
            found.broken = fmt::format("the file is missing, path={}", tile_key(name));
            break;
        }
        if (!bundle) {
            return std::unexpected(bundle.error());
        }
        auto entries = take_entries(*bundle);
        if (found.broken.empty() && entries.size() != name.width) {
            found.broken = fmt::format("the file has {} entries and should have {}, path={}",
                                       entries.size(), name.width, tile_key(name));
        }
        std::ranges::move(entries, std::back_inserter(found.texts));
    }
    return found;
}

Status check_entries(const store::ObjectStore& store, const FoundEntries& found,
                     std::span<const Checkpoint> signed_states) {
    const std::vector<Digest> leaves = leaves_of(found.texts);
    std::vector<Checkpoint> states(signed_states.begin(), signed_states.end());
    std::ranges::sort(states, {}, &Checkpoint::size);
    for (const Checkpoint& state : states) {
        const bool is_there = found.broken.empty() && leaves.size() >= state.size.entries;
        if (!is_there || root_of(std::span(leaves).first(state.size.entries)) != state.root) {
            return diagnose(store, found, leaves, state, states.back());
        }
    }
    return {};
}

Result<std::uint64_t> check_tiles(const store::ObjectStore& store,
                                  std::span<const std::string> texts, TreeSize size) {
    std::uint64_t count = 0;
    for (const auto& [level, hashes] : tile_levels(texts, size)) {
        for (std::uint64_t index = 0; index * tile_width < hashes.size(); ++index, ++count) {
            const std::uint64_t width = std::min(tile_width, hashes.size() - index * tile_width);
            TRY(check_tile(store, {level, index, width},
                           std::span(hashes).subspan(index * tile_width, width)));
        }
    }
    return count;
}

}  // namespace weir::ledger
