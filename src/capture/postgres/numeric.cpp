#include "capture/postgres/numeric.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "capture/postgres/byte_cursor.h"

namespace weir::capture::postgres {
namespace {

constexpr std::int64_t base = 10'000;
// 10^18 fits an int64, and one more base-10,000 digit would not.
constexpr std::int64_t fast_max = 100'000'000'000'000;

constexpr std::int64_t digits_18_max = 999'999'999'999'999'999;
constexpr auto powers_of_ten = [] {
    std::array<std::int64_t, 19> powers{1};
    for (std::size_t index = 1; index < powers.size(); ++index) {
        powers[index] = powers[index - 1] * 10;
    }
    return powers;
}();

/// Few places are the rule, and a division by what the compiler knows is cheap.
std::int64_t without_places(std::int64_t number, std::size_t places) {
    switch (places) {
        case 1: return number / 10;
        case 2: return number / 100;
        case 3: return number / 1'000;
        default: return number / powers_of_ten[places];
    }
}

bool is_sign(std::uint16_t sign) {
    return sign == 0x0000 || sign == 0x4000 || sign == 0xC000 || sign == 0xD000 || sign == 0xF000;
}

}  // namespace

std::optional<Numeric> Numeric::parse(std::span<const std::byte> value) {
    constexpr std::size_t header_bytes = 8;
    if (value.size() < header_bytes) {
        return std::nullopt;
    }
    Numeric numeric;
    const std::size_t count = load_big_endian<std::uint16_t>(value.data());
    numeric.weight = load_big_endian<std::int16_t>(value.data() + 2);
    const auto sign = load_big_endian<std::uint16_t>(value.data() + 4);
    numeric.display_scale = load_big_endian<std::uint16_t>(value.data() + 6);
    numeric.digits = value.subspan(header_bytes);
    if (!is_sign(sign) || numeric.digits.size() != count * 2) {
        return std::nullopt;
    }
    numeric.sign = static_cast<Sign>(sign);
    for (std::size_t index = 0; index < count; ++index) {
        if (numeric.digit(index) >= base) {
            return std::nullopt;
        }
    }
    return numeric;
}

unsigned Numeric::digit(std::size_t index) const {
    return load_big_endian<std::uint16_t>(digits.data() + index * 2);
}

std::optional<std::int64_t> Numeric::scaled(std::int32_t scale) const {
    const std::size_t count = digits.size() / 2;
    std::int64_t number = 0;
    for (std::size_t index = 0; index < count; ++index) {
        if (number >= fast_max) {
            return std::nullopt;
        }
        number = number * base + digit(index);
    }
    // number × 10,000^(weight - count + 1) × 10^scale
    const std::int64_t power =
        (std::int64_t{weight} - static_cast<std::int64_t>(count) + 1) * 4 + scale;
    if (number == 0 || power == 0) {
        return sign == Sign::negative ? -number : number;
    }
    if (std::abs(power) >= static_cast<std::int64_t>(powers_of_ten.size())) {
        return std::nullopt;
    }
    const auto places = static_cast<std::size_t>(std::abs(power));
    const std::int64_t factor = powers_of_ten[places];
    if (power > 0 && number > digits_18_max / factor) {
        return std::nullopt;
    }
    const std::int64_t moved = power > 0 ? number * factor : without_places(number, places);
    if (power < 0 && moved * factor != number) {
        return std::nullopt;
    }
    return sign == Sign::negative ? -moved : moved;
}

bool has_digits(std::int64_t number, std::int32_t most) {
    return most >= 18 || std::abs(number) < powers_of_ten[static_cast<std::size_t>(most)];
}

std::string Numeric::to_text() const {
    switch (sign) {
        case Sign::not_a_number: return "NaN";
        case Sign::infinity: return "Infinity";
        case Sign::minus_infinity: return "-Infinity";
        default: break;
    }
    const auto count = static_cast<std::int64_t>(digits.size() / 2);
    const auto group = [&](std::int64_t position) -> unsigned {
        return position >= 0 && position < count ? digit(static_cast<std::size_t>(position)) : 0;
    };
    std::string text = sign == Sign::negative ? "-" : "";
    if (weight < 0) {
        text += '0';
    }
    for (std::int64_t position = 0; position <= weight; ++position) {
        text += position == 0 ? fmt::format("{}", group(position))
                              : fmt::format("{:04}", group(position));
    }
    if (display_scale > 0) {
        text += '.';
        const std::size_t end = text.size() + display_scale;
        for (std::int64_t position = weight + 1; text.size() < end; ++position) {
            text += fmt::format("{:04}", group(position));
        }
        text.resize(end);
    }
    return text;
}

}  // namespace weir::capture::postgres
