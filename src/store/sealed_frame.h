#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/sealing_key.h"

namespace weir::store {

inline constexpr std::size_t frame_bytes = 65'536;  // Plain bytes of a full frame.
inline constexpr std::size_t tag_bytes = 16;
inline constexpr std::size_t sealed_header_bytes = 44;

using SealedHeader = std::array<std::byte, sealed_header_bytes>;

/// Makes the header of a new file, with a random salt.
Result<SealedHeader> new_sealed_header();

/// Seals and opens the frames of one file (docs/formats/sealed_file.md). One thread at a time.
class FrameCipher {
public:
    /// Derives the file's key. Fails with `corrupt` or `unsupported` if the header is none of ours.
    static Result<FrameCipher> create(const SealingKey& key, const SealedHeader& header);

    /// Appends ciphertext and tag to `out`.
    Status seal(std::span<const std::byte> plain, std::uint64_t number, bool last,
                std::vector<std::byte>& out) const;
    /// Returns the plain bytes. Fails with `corrupt` unless this is that frame of this file.
    Result<std::vector<std::byte>> open(std::span<const std::byte> sealed, std::uint64_t number,
                                        bool last) const;

private:
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const;
    };
    using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

    FrameCipher(Context seal, Context open) : seal_(std::move(seal)), open_(std::move(open)) {}

    Context seal_;  // Both hold the file's key; each frame sets its nonce.
    Context open_;
};

}  // namespace weir::store
