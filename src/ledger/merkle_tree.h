#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/sha256.h"
#include "ledger/checkpoint.h"

namespace weir::ledger {

/// Hashes an entry as a leaf of the tree (RFC 6962).
Digest leaf_hash(std::span<const std::byte> entry);
Digest leaf_hash(std::string_view entry);
/// Hashes two neighbours into their parent.
Digest node_hash(const Digest& left, const Digest& right);

/// The right edge of a Merkle tree: the roots of its largest whole subtrees, from which the root of
/// the tree follows and to which leaves can be added, in O(log size). A value.
class MerkleEdge {
public:
    /// Is told each whole subtree that a new leaf completes: its height and its root, the leaf
    /// itself (height 0) first.
    using Completed = std::function<void(unsigned height, const Digest& root)>;

    TreeSize size() const { return size_; }
    /// Returns the root; that of an empty tree is the hash of nothing.
    RootHash root() const;

    void append(const Digest& leaf, const Completed& completed);
    /// Adds a whole subtree of 2^height leaves. REQUIRES: size is a multiple of 2^height.
    void append_subtree(unsigned height, Digest root, const Completed& completed);

private:
    TreeSize size_;
    std::vector<Digest> subtrees_;  // One for each bit that is set in size_, the largest first.
};

}  // namespace weir::ledger
