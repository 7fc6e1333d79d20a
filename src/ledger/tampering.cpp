#include "ledger/tampering.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"

namespace weir::ledger {
namespace {

/// Whether both have an item there and the items are equal.
bool equal_at(std::span<const Digest> left, std::size_t left_index, std::span<const Digest> right,
              std::size_t right_index) {
    return left_index < left.size() && right_index < right.size() &&
           left[left_index] == right[right_index];
}

std::optional<std::size_t> find_beyond(std::span<const Digest> hashes, std::size_t index,
                                       const Digest& hash) {
    const auto place =
        std::find(hashes.begin() + static_cast<std::ptrdiff_t>(index), hashes.end(), hash);
    if (place == hashes.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(place - hashes.begin());
}

}  // namespace

std::string describe_tampering(std::span<const Digest> found, std::span<const Digest> expected) {
    const auto [found_end, expected_end] = std::ranges::mismatch(found, expected);
    const auto index = static_cast<std::size_t>(found_end - found.begin());
    WEIR_ASSERT(found_end != found.end() || expected_end != expected.end());
    if (index == found.size()) {
        return fmt::format("entry {} is missing: the log was cut there, entries={}, committed={}",
                           index, found.size(), expected.size());
    }
    if (index == expected.size()) {
        return fmt::format("entry {} was inserted: nobody committed it", index);
    }
    const auto other = find_beyond(expected, index + 1, found[index]);
    if (other && equal_at(found, *other, expected, index)) {
        return fmt::format("entry {} was swapped with entry {}", index, *other);
    }
    if (equal_at(found, index, expected, index + 1)) {
        return fmt::format("entry {} was deleted", index);
    }
    if (equal_at(found, index + 1, expected, index)) {
        return fmt::format("entry {} was inserted: nobody committed it", index);
    }
    if (other) {
        return fmt::format("entry {} was replaced by entry {}", index, *other);
    }
    return fmt::format("entry {} was changed", index);
}

}  // namespace weir::ledger
