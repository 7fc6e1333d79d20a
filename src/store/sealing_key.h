#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace weir::store {

/// The key that sealed files are made under: 32 bytes, wiped when the object goes. Moves, never
/// copies; any thread may read it.
class SealingKey {
public:
    /// Makes a key that lives in this process only.
    static Result<SealingKey> random();
    /// Reads the key file, or makes one with a random key and mode 0600. Fails with `denied` if
    /// others may read the file, with `corrupt` if it holds no key.
    static Result<SealingKey> load_or_create(const std::filesystem::path& path);

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
