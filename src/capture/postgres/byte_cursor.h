#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "base/byte_text.h"
#include "base/result.h"

namespace weir::capture::postgres {

/// Reads a number from its bytes in the network's order. REQUIRES: they are there.
template <std::integral Number>
Number load_big_endian(const std::byte* bytes) {
    Number number;
    std::memcpy(&number, bytes, sizeof(Number));
    if constexpr (std::endian::native == std::endian::little && sizeof(Number) > 1) {
        number = std::byteswap(number);
    }
    return number;
}

/// Reads big-endian numbers and texts from bytes of PostgreSQL's protocol. Sees the bytes, owns
/// none. A read past the end fails with `corrupt` and moves nothing.
class ByteCursor {
public:
    explicit ByteCursor(std::span<const std::byte> bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }
    std::span<const std::byte> rest() const { return rest_; }

    template <std::integral Number>
    Result<Number> take() {
        if (rest_.size() < sizeof(Number)) {
            return fail(ErrorKind::corrupt, "the message ends too early, missing_bytes={}",
                        sizeof(Number) - rest_.size());
        }
        const Number number = load_big_endian<Number>(rest_.data());
        rest_ = rest_.subspan(sizeof(Number));
        return number;
    }

    Result<std::span<const std::byte>> take_bytes(std::size_t size) {
        if (rest_.size() < size) {
            return fail(ErrorKind::corrupt, "the message ends too early, missing_bytes={}",
                        size - rest_.size());
        }
        const auto bytes = rest_.first(size);
        rest_ = rest_.subspan(size);
        return bytes;
    }

    /// Takes a text that ends in a zero byte, without it.
    Result<std::string_view> take_text() {
        const std::string_view text = as_text(rest_);
        const std::size_t size = text.find('\0');
        if (size == std::string_view::npos) {
            return fail(ErrorKind::corrupt, "a text in the message has no end");
        }
        rest_ = rest_.subspan(size + 1);
        return text.substr(0, size);
    }

private:
    std::span<const std::byte> rest_;
};

}  // namespace weir::capture::postgres
