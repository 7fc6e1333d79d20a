#include "capture/postgres/numeric.h"

#include <fmt/format.h>

#include "capture/postgres/byte_cursor.h"

namespace weir::capture::postgres {
namespace {

constexpr std::int64_t base = 10'000;
// 10^18 fits an int64, and one more base-10,000 digit would not.
constexpr std::int64_t fast_max = 100'000'000'000'000;

bool is_sign(std::uint16_t sign) {
    return sign == 0x0000 || sign == 0x4000 || sign == 0xC000 || sign == 0xD000 || sign == 0xF000;
}

}  // namespace

Result<Numeric> Numeric::parse(std::span<const std::byte> value) {
    ByteCursor cursor(value);
    Numeric numeric;
    TRY_LET(const auto count, cursor.take<std::uint16_t>());
    TRY_LET(numeric.weight, cursor.take<std::int16_t>());
    TRY_LET(const auto sign, cursor.take<std::uint16_t>());
    TRY_LET(numeric.display_scale, cursor.take<std::uint16_t>());
    TRY_LET(numeric.digits, cursor.take_bytes(std::size_t{count} * 2));
    if (!is_sign(sign) || !cursor.at_end()) {
        return fail(ErrorKind::corrupt, "a numeric has an unknown sign or too many bytes");
    }
    numeric.sign = static_cast<Sign>(sign);
    for (std::size_t index = 0; index < count; ++index) {
        if (numeric.digit(index) >= base) {
            return fail(ErrorKind::corrupt, "a numeric has a digit above 9999");
        }
    }
    return numeric;
}

unsigned Numeric::digit(std::size_t index) const {
    return std::to_integer<unsigned>(digits[index * 2]) << 8U |
           std::to_integer<unsigned>(digits[index * 2 + 1]);
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
    std::int64_t power = (std::int64_t{weight} - static_cast<std::int64_t>(count) + 1) * 4 + scale;
    for (; power > 0 && number != 0; --power) {
        if (number >= fast_max * 1'000) {
            return std::nullopt;
        }
        number *= 10;
    }
    for (; power < 0 && number != 0; ++power) {
        if (number % 10 != 0) {
            return std::nullopt;
        }
        number /= 10;
    }
    return sign == Sign::negative ? -number : number;
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
