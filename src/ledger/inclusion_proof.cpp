#include "ledger/inclusion_proof.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "ledger/tile.h"

namespace weir::ledger {
namespace {

void ignore(unsigned /*height*/, const Digest& /*root*/) {}

}  // namespace

Result<RootHash> root_of(const Digest& leaf, const InclusionProof& proof, TreeSize size) {
    constexpr auto wrong_length = "the proof does not fit the tree, index={}, size={}, hashes={}";
    const auto refuse = [&] {
        return fail(ErrorKind::corrupt, wrong_length, proof.index, size.entries, proof.path.size());
    };
    if (proof.index >= size.entries) {
        return refuse();
    }
    Digest root = leaf;
    std::uint64_t index = proof.index;
    std::uint64_t last = size.entries - 1;
    for (const Digest& sibling : proof.path) {
        if (last == 0) {
            return refuse();
        }
        if (index % 2 == 1 || index == last) {
            root = node_hash(sibling, root);
            while (index % 2 == 0 && index != 0) {  // Levels at which the last node has no sibling.
                index >>= 1U;
                last >>= 1U;
            }
        } else {
            root = node_hash(root, sibling);
        }
        index >>= 1U;
        last >>= 1U;
    }
    return last == 0 ? Result<RootHash>(root) : refuse();
}

Result<InclusionProof> InclusionProver::prove(std::uint64_t index) {
    WEIR_ASSERT(index < size_.entries);
    InclusionProof proof{.index = index, .path = {}};
    Range range{.begin = 0, .end = size_.entries};
    while (range.size() > 1) {
        const std::uint64_t middle = range.begin + std::bit_floor(range.size() - 1);
        const Range left{.begin = range.begin, .end = middle};
        const Range right{.begin = middle, .end = range.end};
        TRY_LET(proof.path.emplace_back(), root(index < middle ? right : left));
        range = index < middle ? left : right;
    }
    std::ranges::reverse(proof.path);
    return proof;
}

Result<Digest> InclusionProver::root(Range range) {
    if (std::has_single_bit(range.size())) {
        const auto height = static_cast<unsigned>(std::countr_zero(range.size()));
        return whole_root(height, range.begin >> height);
    }
    const std::uint64_t middle = range.begin + std::bit_floor(range.size() - 1);
    TRY_LET(const Digest left, root({.begin = range.begin, .end = middle}));
    TRY_LET(const Digest right, root({.begin = middle, .end = range.end}));
    return node_hash(left, right);
}

Result<Digest> InclusionProver::whole_root(unsigned height, std::uint64_t index) {
    const int level = static_cast<int>(height / tile_height);
    const std::uint64_t hashes = std::uint64_t{1} << (height % tile_height);
    const std::uint64_t first = index * hashes;
    TRY_LET(const auto* const read, tile(level, first / tile_width));
    MerkleEdge edge;
    for (const Digest& hash : std::span(*read).subspan(first % tile_width, hashes)) {
        edge.append(hash, ignore);
    }
    return edge.root();
}

Result<const std::vector<Digest>*> InclusionProver::tile(int level, std::uint64_t index) {
    const auto known = tiles_.find({level, index});
    if (known != tiles_.end()) {
        return &known->second;
    }
    const std::uint64_t hashes = size_.entries >> (tile_height * static_cast<unsigned>(level));
    const std::uint64_t width = std::min(tile_width, hashes - index * tile_width);
    TRY_LET(auto read, read_tile(store_, {.level = level, .index = index, .width = width}));
    return &tiles_.emplace(std::pair(level, index), std::move(read)).first->second;
}

}  // namespace weir::ledger
