#include "change/position.h"

#include <charconv>
#include <optional>

namespace weir::change {
namespace {

constexpr std::size_t half_digits_max = 8;
constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";

std::optional<std::uint32_t> parse_half(std::string_view digits) {
    if (digits.empty() || digits.size() > half_digits_max ||
        digits.find_first_not_of(hex_digits) != std::string_view::npos) {
        return std::nullopt;
    }
    std::uint32_t half = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), half, 16);
    return half;
}

}  // namespace

Result<Position> Position::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        return fail(ErrorKind::invalid, "cannot read LSN: there is no slash, text={}", text);
    }
    const auto high = parse_half(text.substr(0, slash));
    const auto low = parse_half(text.substr(slash + 1));
    if (!high || !low) {
        return fail(ErrorKind::invalid,
                    "cannot read LSN: each half needs one to eight hexadecimal digits, text={}",
                    text);
    }
    return Position(std::uint64_t{*high} << 32U | *low);
}

std::string Position::to_string() const {
    return fmt::format("{:X}/{:X}", offset_ >> 32U, offset_ & 0xFFFF'FFFFU);
}

}  // namespace weir::change
