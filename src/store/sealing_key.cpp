#include "store/sealing_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>

#include "base/openssl_bytes.h"
#include "base/sha256.h"
#include "store/secret_file.h"

namespace weir::store {
SealingKey::SealingKey(SealingKey&& other) noexcept : bytes_(other.bytes_) {
    OPENSSL_cleanse(other.bytes_.data(), other.bytes_.size());
}

SealingKey& SealingKey::operator=(SealingKey&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

SealingKey::~SealingKey() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Result<SealingKey> SealingKey::random() {
    SealingKey key;
    if (RAND_priv_bytes(as_openssl(key.bytes_.data()), static_cast<int>(key.bytes_.size())) != 1) {
        return fail(ErrorKind::internal, "cannot make key: OpenSSL has no random bytes");
    }
    return key;
}

SealingKey SealingKey::from_bytes(std::span<const std::byte, 32> bytes) {
    SealingKey key;
    std::ranges::copy(bytes, key.bytes_.begin());
    return key;
}

std::optional<SealingKey> SealingKey::from_hex(std::string_view digits) {
    SealingKey key;
    if (digits.size() != 2 * key.bytes_.size() ||
        digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
        return std::nullopt;
    }
    for (std::size_t index = 0; index < key.bytes_.size(); ++index) {
        std::uint8_t byte = 0;
        std::from_chars(digits.data() + 2 * index, digits.data() + 2 * index + 2, byte, 16);
        key.bytes_[index] = std::byte{byte};
    }
    return key;
}

Result<SealingKey> SealingKey::load_or_create(const std::filesystem::path& path) {
    auto key = load(path.string());
    if (key || key.error().kind() != ErrorKind::not_found) {
        return key;
    }
    const Status created = create(path.string());
    // Whoever was first made the key that counts.
    if (!created && created.error().kind() != ErrorKind::already_exists) {
        return std::unexpected(created.error());
    }
    return load(path.string());
}

Result<SealingKey> SealingKey::load(const std::string& path) {
    TRY_LET(std::string text, read_secret_file(path));
    auto key = text.ends_with('\n') ? from_hex(std::string_view(text).substr(0, text.size() - 1))
                                    : std::nullopt;
    OPENSSL_cleanse(text.data(), text.size());
    if (!key) {
        return fail(ErrorKind::corrupt,
                    "cannot use key file: it is not 64 hexadecimal digits and a newline; restore "
                    "it, path={}",
                    path);
    }
    return *std::move(key);
}

Status SealingKey::create(const std::string& path) {
    TRY_LET(const SealingKey key, random());
    std::string text = to_hex(key.bytes()) + "\n";
    Status created = create_secret_file(path, text);
    OPENSSL_cleanse(text.data(), text.size());
    return created;
}

}  // namespace weir::store
