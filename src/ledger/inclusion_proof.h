#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle_tree.h"
#include "store/object_store.h"

namespace weir::ledger {

/// Shows that an entry is in the tree of a certain size: the hashes from the leaf's sibling up to
/// the root's child (RFC 6962, 2.1.1).
struct InclusionProof {
    std::uint64_t index = 0;
    std::vector<Digest> path;

    friend bool operator==(const InclusionProof&, const InclusionProof&) = default;
};

/// Returns the root of the tree of `size` in which this leaf has that proof. Fails with `corrupt`
/// if no tree of the size has a path so long or so short.
Result<RootHash> root_of(const Digest& leaf, const InclusionProof& proof, TreeSize size);

/// Makes proofs out of the tiles of a ledger of one size, and keeps the tiles that it has read. One
/// thread at a time; `store` outlives it.
class InclusionProver {
public:
    InclusionProver(const store::ObjectStore& store, TreeSize size) : store_(store), size_(size) {}

    /// Fails with `corrupt` if a tile is missing or too short. REQUIRES: index < size.
    Result<InclusionProof> prove(std::uint64_t index);

private:
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;

        std::uint64_t size() const { return end - begin; }
    };

    /// The root of the leaves of a range that is a subtree of this tree.
    Result<Digest> root(Range range);
    /// The root of 2^height leaves, of which there are `index` such subtrees before.
    Result<Digest> whole_root(unsigned height, std::uint64_t index);
    Result<const std::vector<Digest>*> tile(int level, std::uint64_t index);

    const store::ObjectStore& store_;
    TreeSize size_;
    std::map<std::pair<int, std::uint64_t>, std::vector<Digest>> tiles_;
};

}  // namespace weir::ledger
