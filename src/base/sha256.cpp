#include "base/sha256.h"

#include <openssl/evp.h>

#include <utility>

#include "base/assert.h"
#include "base/openssl_bytes.h"

namespace weir {

void Sha256::Free::operator()(EVP_MD_CTX* context) const {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    WEIR_ASSERT(context_ != nullptr);
    WEIR_ASSERT(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(std::span<const std::byte> bytes) {
    WEIR_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() && {
    Digest digest{};
    WEIR_ASSERT(EVP_DigestFinal_ex(context_.get(), as_openssl(digest.data()), nullptr) == 1);
    return digest;
}

Digest sha256(std::span<const std::byte> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return std::move(hash).finish();
}

Digest sha256(std::string_view text) {
    return sha256(std::as_bytes(std::span(text)));
}

std::string to_hex(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        text += digits[std::to_integer<unsigned>(byte) >> 4U];
        text += digits[std::to_integer<unsigned>(byte) & 0xFU];
    }
    return text;
}

}  // namespace weir
