#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/checkpoint.h"
#include "store/object_store.h"

namespace weir::ledger {

inline constexpr std::string_view staging_prefix = "ledger/staging/";

/// The entries of one append, as they rest between commit and tiles.
struct StagedTail {
    TreeSize before{};
    std::vector<std::string> entries;

    TreeSize after() const { return {before.entries + entries.size()}; }
};

std::vector<std::byte> format_tail(const StagedTail& tail);
/// Returns the key of a tail: its size after and the hash of its bytes.
std::string staging_key(TreeSize after, std::span<const std::byte> bytes);
/// Returns the size after that a key names, or nothing if it is no key of a tail.
std::optional<TreeSize> staged_size(std::string_view key);

/// Reads a tail and checks that it is the one that its key names. Fails with `not_found`,
/// `corrupt`.
Result<StagedTail> read_tail(const store::ObjectStore& store, const std::string& key);

}  // namespace weir::ledger
