#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace weir {

/// Views bytes as text. The view sees the bytes; it says nothing about their encoding.
inline std::string_view as_text(std::span<const std::byte> bytes) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): char may view any bytes.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace weir
