#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"

namespace weir::simulate {

/// What a number is drawn for. The numeric values are part of the generator: changing one changes
/// every run, so new streams go to the end.
enum class Stream : std::uint64_t {
    plan = 1,
    provider,
    family,
    member,
    span,
    claim_block,
    claim,
    line,
    price,
    diagnosis,
    event,
    payment,
    note,
    attachments,
    transaction,
    clock,
};

/// Mixes all bits of a number; the finaliser of SplitMix64.
constexpr std::uint64_t mix(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31U);
}

/// A row of draws for one entity: the k-th call returns F(seed, stream, entity, version, k), no
/// matter what was drawn for other entities, in which order, or on which thread. Integers only. A
/// value.
class Draws {
public:
    Draws(std::uint64_t seed, Stream stream, std::int64_t entity, std::uint64_t version = 0)
        : state_(mix(mix(mix(mix(seed) ^ static_cast<std::uint64_t>(stream)) ^
                         static_cast<std::uint64_t>(entity)) ^
                     version)) {}

    std::uint64_t next() { return mix(state_ ^ (draw_++ * 0xD1342543DE82EF95ULL)); }

    /// Returns a number in [0, limit). REQUIRES: 0 < limit < 2^32.
    std::int64_t below(std::int64_t limit) {
        WEIR_ASSERT(limit > 0 && limit < (std::int64_t{1} << 32U));
        return static_cast<std::int64_t>(((next() >> 32U) * static_cast<std::uint64_t>(limit)) >>
                                         32U);
    }

    /// Returns a number in [low, high].
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + below(high - low + 1);
    }

    /// Is true in `per_mille` of 1,000 cases.
    bool chance(std::int64_t per_mille) { return below(1000) < per_mille; }

    template <typename T, std::size_t size>
    const T& pick(const T (&values)[size]) {
        return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(size)))];
    }

    template <typename T>
    const T& pick_from(const std::vector<T>& values) {
        return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(values.size())))];
    }

    /// Draws from an integer quantile table with straight lines between its entries.
    std::int64_t quantile(std::span<const std::int64_t> table) {
        const auto at =
            static_cast<std::size_t>(below(static_cast<std::int64_t>(table.size()) - 1));
        return table[at] + ((table[at + 1] - table[at]) * below(1 << 20)) / (1 << 20);
    }

private:
    std::uint64_t state_;
    std::uint64_t draw_ = 0;
};

}  // namespace weir::simulate
