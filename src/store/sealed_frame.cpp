#include "store/sealed_frame.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <algorithm>
#include <string_view>

#include "base/openssl_bytes.h"

namespace weir::store {
namespace {

constexpr std::string_view magic = "weirseal";
constexpr std::size_t version_end = 12;
constexpr std::size_t nonce_bytes = 12;
constexpr std::byte version{1};

using Nonce = std::array<std::byte, nonce_bytes>;
using FileKey = std::array<std::byte, 32>;

Nonce nonce_of(std::uint64_t number, bool last) {
    Nonce nonce{};
    for (std::size_t index = 0; index < 8; ++index) {
        nonce[index] = static_cast<std::byte>((number >> (56 - 8 * index)) & 0xFFU);
    }
    nonce.back() = std::byte{last};
    return nonce;
}

std::unexpected<Error> openssl_failed(std::string_view task) {
    return fail(ErrorKind::internal, "cannot {} sealed file: OpenSSL refused", task);
}

Result<FileKey> derive_key(const SealingKey& key, const SealedHeader& header) {
    std::string info = "weir sealed file";
    for (const std::byte byte : std::span(header).first(version_end)) {
        info.push_back(static_cast<char>(byte));
    }
    const auto salt = std::span(header).subspan(version_end);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
    FileKey derived{};
    std::size_t size = derived.size();
    if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) != 1 ||
        EVP_PKEY_CTX_set1_hkdf_salt(context.get(), as_openssl(salt.data()),
                                    static_cast<int>(salt.size())) != 1 ||
        EVP_PKEY_CTX_set1_hkdf_key(context.get(), as_openssl(key.bytes().data()),
                                   static_cast<int>(key.bytes().size())) != 1 ||
        EVP_PKEY_CTX_add1_hkdf_info(context.get(), as_openssl(info.data()),
                                    static_cast<int>(info.size())) != 1 ||
        EVP_PKEY_derive(context.get(), as_openssl(derived.data()), &size) != 1) {
        return openssl_failed("derive the key of a");
    }
    return derived;
}

Status check_header(const SealedHeader& header) {
    if (!std::ranges::equal(std::as_bytes(std::span(magic)), std::span(header).first(8))) {
        return fail(ErrorKind::corrupt, "the file does not begin as a sealed file");
    }
    constexpr std::array expected = {std::byte{0}, std::byte{0}, std::byte{0}, version};
    if (!std::ranges::equal(expected, std::span(header).subspan(8, 4))) {
        return fail(ErrorKind::unsupported,
                    "the sealed file is of another version; use the release that wrote it");
    }
    return {};
}

}  // namespace

void FrameCipher::Free::operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
}

Result<SealedHeader> new_sealed_header() {
    SealedHeader header{};
    std::ranges::copy(std::as_bytes(std::span(magic)), header.begin());
    header[version_end - 1] = version;
    const auto salt = std::span(header).subspan(version_end);
    if (RAND_bytes(as_openssl(salt.data()), static_cast<int>(salt.size())) != 1) {
        return openssl_failed("begin");
    }
    return header;
}

Result<FrameCipher> FrameCipher::create(const SealingKey& key, const SealedHeader& header) {
    TRY(check_header(header));
    TRY_LET(FileKey file_key, derive_key(key, header));
    Context seal(EVP_CIPHER_CTX_new());
    Context open(EVP_CIPHER_CTX_new());
    const bool made = EVP_EncryptInit_ex(seal.get(), EVP_aes_256_gcm(), nullptr,
                                         as_openssl(file_key.data()), nullptr) == 1 &&
                      EVP_DecryptInit_ex(open.get(), EVP_aes_256_gcm(), nullptr,
                                         as_openssl(file_key.data()), nullptr) == 1;
    OPENSSL_cleanse(file_key.data(), file_key.size());
    if (!made) {
        return openssl_failed("begin");
    }
    return FrameCipher(std::move(seal), std::move(open));
}

Status FrameCipher::seal(std::span<const std::byte> plain, std::uint64_t number, bool last,
                         std::vector<std::byte>& out) const {
    const Nonce nonce = nonce_of(number, last);
    const std::size_t begin = out.size();
    out.resize(begin + plain.size() + tag_bytes);
    unsigned char* const sealed = as_openssl(out.data() + begin);
    int size = 0;
    if (EVP_EncryptInit_ex(seal_.get(), nullptr, nullptr, nullptr, as_openssl(nonce.data())) != 1 ||
        (!plain.empty() && EVP_EncryptUpdate(seal_.get(), sealed, &size, as_openssl(plain.data()),
                                             static_cast<int>(plain.size())) != 1) ||
        EVP_EncryptFinal_ex(seal_.get(), sealed + plain.size(), &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(seal_.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, sealed + plain.size()) !=
            1) {
        return openssl_failed("write");
    }
    return {};
}

Result<std::vector<std::byte>> FrameCipher::open(std::span<const std::byte> sealed,
                                                 std::uint64_t number, bool last) const {
    if (sealed.size() < tag_bytes) {
        return fail(ErrorKind::corrupt, "the sealed file was cut, frame={}", number);
    }
    const Nonce nonce = nonce_of(number, last);
    const auto cipher_text = sealed.first(sealed.size() - tag_bytes);
    std::array<std::byte, tag_bytes> tag{};
    std::ranges::copy(sealed.last(tag_bytes), tag.begin());
    std::vector<std::byte> plain(cipher_text.size());
    int size = 0;
    if (EVP_DecryptInit_ex(open_.get(), nullptr, nullptr, nullptr, as_openssl(nonce.data())) != 1 ||
        (!plain.empty() && EVP_DecryptUpdate(open_.get(), as_openssl(plain.data()), &size,
                                             as_openssl(cipher_text.data()),
                                             static_cast<int>(cipher_text.size())) != 1) ||
        EVP_CIPHER_CTX_ctrl(open_.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) != 1 ||
        EVP_DecryptFinal_ex(open_.get(), as_openssl(tag.data()), &size) != 1) {
        return fail(ErrorKind::corrupt,
                    "the sealed file does not verify: it was changed, cut or swapped, or the key "
                    "is another, frame={}",
                    number);
    }
    return plain;
}

}  // namespace weir::store
