#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace weir::store {

/// The key that sealed files are made under: 32 bytes, wiped when the object goes. Moves, never
/// copies; any thread may read it.
class SealingKey {
public:
    /// Makes a key that lives in this process only.
    static Result<SealingKey> random();
    /// Takes a copy; the caller wipes its own.
    static SealingKey from_bytes(std::span<const std::byte, 32> bytes);
    /// Reads the key file, or makes one with a random key and mode 0600. Fails with `denied` if
    /// others may read the file, with `corrupt` if it holds no key.
    static Result<SealingKey> load_or_create(const std::filesystem::path& path);

    /// Reads 64 lower-case hexadecimal digits; no value if they are none.
    static std::optional<SealingKey> from_hex(std::string_view digits);

    SealingKey(SealingKey&& other) noexcept;
    SealingKey& operator=(SealingKey&& other) noexcept;
    SealingKey(const SealingKey&) = delete;
    SealingKey& operator=(const SealingKey&) = delete;
    ~SealingKey();

    std::span<const std::byte, 32> bytes() const { return bytes_; }

private:
    SealingKey() = default;

    static Result<SealingKey> load(const std::string& path);
    static Status create(const std::string& path);

    std::array<std::byte, 32> bytes_{};
};

}  // namespace weir::store
