#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/result.h"

namespace weir::change {

/// A position in PostgreSQL's write-ahead log: the offset of a byte since the log began.
class Position {
public:
    /// The position 0/0, which PostgreSQL never gives to a record.
    constexpr Position() = default;
    explicit constexpr Position(std::uint64_t offset) : offset_(offset) {}

    /// Reads PostgreSQL's notation: the high and the low half in hexadecimal, as in "16/B374D848".
    /// Fails with `invalid` unless each half has one to eight digits of either case.
    static Result<Position> parse(std::string_view text);

    constexpr std::uint64_t offset() const { return offset_; }

    /// Writes the notation that `parse` reads, in upper case and without leading zeros.
    std::string to_string() const;

    friend constexpr auto operator<=>(Position, Position) = default;

private:
    std::uint64_t offset_ = 0;
};

/// Returns how much log lies between two positions. REQUIRES: from <= to.
constexpr std::uint64_t bytes_between(Position from, Position to) {
    WEIR_ASSERT(from <= to);
    return to.offset() - from.offset();
}

}  // namespace weir::change
