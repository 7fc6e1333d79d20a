#include "store/key_wrap.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <memory>

#include "base/base64.h"
#include "base/openssl_bytes.h"

namespace weir::store {
namespace {

constexpr int nonce_bytes = 12;
constexpr int key_bytes = 32;
constexpr int wrap_tag_bytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
using Wrapped = std::array<std::byte, nonce_bytes + key_bytes + wrap_tag_bytes>;

std::unexpected<Error> not_ours() {
    return fail(ErrorKind::corrupt,
                "a wrapped key does not open: it was changed, or is under another key");
}

}  // namespace

Result<std::string> wrap_key(const SealingKey& master, std::string_view context,
                             const SealingKey& key) {
    Wrapped wrapped{};
    unsigned char* const nonce = as_openssl(wrapped.data());
    unsigned char* const text = nonce + nonce_bytes;
    const Context cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int size = 0;
    if (RAND_bytes(nonce, nonce_bytes) != 1 ||
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                           as_openssl(master.bytes().data()), nonce) != 1 ||
        EVP_EncryptUpdate(cipher.get(), nullptr, &size, as_openssl(context.data()),
                          static_cast<int>(context.size())) != 1 ||
        EVP_EncryptUpdate(cipher.get(), text, &size, as_openssl(key.bytes().data()), key_bytes) !=
            1 ||
        EVP_EncryptFinal_ex(cipher.get(), text + key_bytes, &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, wrap_tag_bytes, text + key_bytes) !=
            1) {
        return fail(ErrorKind::internal, "cannot wrap a key: OpenSSL refused");
    }
    return encode_base64(wrapped);
}

Result<SealingKey> unwrap_key(const SealingKey& master, std::string_view context,
                              std::string_view wrapped) {
    auto bytes = decode_base64(wrapped);
    if (!bytes || bytes->size() != Wrapped().size()) {
        return not_ours();
    }
    unsigned char* const nonce = as_openssl(bytes->data());
    unsigned char* const text = nonce + nonce_bytes;
    std::array<std::byte, key_bytes> key{};
    const Context cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int size = 0;
    const bool opened =
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                           as_openssl(master.bytes().data()), nonce) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &size, as_openssl(context.data()),
                          static_cast<int>(context.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), as_openssl(key.data()), &size, text, key_bytes) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, wrap_tag_bytes, text + key_bytes) ==
            1 &&
        EVP_DecryptFinal_ex(cipher.get(), as_openssl(key.data()), &size) == 1;
    auto opened_key = opened ? Result<SealingKey>(SealingKey::from_bytes(key)) : not_ours();
    OPENSSL_cleanse(key.data(), key.size());
    return opened_key;
}

}  // namespace weir::store
