#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// A SHA-256 digest.
using Digest = std::array<std::byte, 32>;

/// Hashes bytes that arrive in pieces. One thread at a time.
class Sha256 {
public:
    Sha256();

    void update(std::span<const std::byte> bytes);
    /// Returns the digest of all pieces; the object is spent afterwards.
    Digest finish() &&;

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const;
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

Digest sha256(std::span<const std::byte> bytes);
Digest sha256(std::string_view text);

/// Writes lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::byte> bytes);

}  // namespace weir
