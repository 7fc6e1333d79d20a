#include "ledger/merkle_tree.h"

#include "base/assert.h"

namespace weir::ledger {

Digest leaf_hash(std::span<const std::byte> entry) {
    constexpr std::byte prefix{0};
    Sha256 hash;
    hash.update({&prefix, 1});
    hash.update(entry);
    return std::move(hash).finish();
}

Digest leaf_hash(std::string_view entry) {
    return leaf_hash(std::as_bytes(std::span(entry)));
}

Digest node_hash(const Digest& left, const Digest& right) {
    constexpr std::byte prefix{1};
    Sha256 hash;
    hash.update({&prefix, 1});
    hash.update(left);
    hash.update(right);
    return std::move(hash).finish();
}

RootHash MerkleEdge::root() const {
    if (subtrees_.empty()) {
        return sha256(std::string_view());
    }
    Digest root = subtrees_.back();
    for (std::size_t index = subtrees_.size() - 1; index-- > 0;) {
        root = node_hash(subtrees_[index], root);
    }
    return root;
}

void MerkleEdge::append(const Digest& leaf, const Completed& completed) {
    append_subtree(0, leaf, completed);
}

void MerkleEdge::append_subtree(unsigned height, Digest root, const Completed& completed) {
    const std::uint64_t leaves = std::uint64_t{1} << height;
    WEIR_ASSERT(size_.entries % leaves == 0);
    completed(height, root);
    for (std::uint64_t bit = leaves; (size_.entries & bit) != 0; bit <<= 1U) {
        root = node_hash(subtrees_.back(), root);
        subtrees_.pop_back();
        completed(++height, root);
    }
    subtrees_.push_back(root);
    size_.entries += leaves;
}

}  // namespace weir::ledger
