#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weir::capture::postgres {

/// A numeric as numeric_send writes it: base-10,000 digits, most significant first.
struct Numeric {
    enum class Sign : std::uint16_t {
        positive = 0x0000,
        negative = 0x4000,
        not_a_number = 0xC000,
        infinity = 0xD000,
        minus_infinity = 0xF000,
    };

    Sign sign = Sign::positive;
    std::int16_t weight = 0;  // Of the first digit, as a power of 10,000.
    std::uint16_t display_scale = 0;
    std::span<const std::byte> digits;  // Two bytes each; sees the bytes that were parsed.

    /// Returns none if the bytes are no numeric.
    static std::optional<Numeric> parse(std::span<const std::byte> value);

    bool is_finite() const { return sign == Sign::positive || sign == Sign::negative; }
    /// Returns value × 10^scale, scale >= 0, if that is a whole number of at most 18 digits and can
    /// be had in a few steps; otherwise take the text.
    std::optional<std::int64_t> scaled(std::int32_t scale) const;
    /// Writes PostgreSQL's text.
    std::string to_text() const;

private:
    unsigned digit(std::size_t index) const;
};

/// Whether a number of at most 18 digits has `most` or fewer. REQUIRES: most >= 0.
bool has_digits(std::int64_t number, std::int32_t most);

}  // namespace weir::capture::postgres
