#include "ledger/key_file.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <vector>

#include "base/base64.h"
#include "base/openssl_bytes.h"
#include "base/sha256.h"
#include "store/secret_file.h"

namespace weir::ledger {
namespace {

constexpr std::string_view private_prefix = "PRIVATE+KEY+";
constexpr std::byte ed25519{1};

std::string key_text(const VerifyingKey& key, std::span<const std::byte> bytes) {
    std::vector<std::byte> typed = {ed25519};
    typed.insert(typed.end(), bytes.begin(), bytes.end());
    std::string text = fmt::format("{}+{}+{}", key.name(), to_hex(key.id()), encode_base64(typed));
    OPENSSL_cleanse(typed.data(), typed.size());
    return text;
}

struct KeyText {
    std::string name;
    std::string id;
    std::array<std::byte, 32> bytes{};
};

/// Takes "<name>+<id>+<base64>" apart. A name holds no plus, base64 may.
Result<KeyText> parse_key_text(std::string_view text) {
    const std::size_t name_end = text.find('+');
    const std::size_t id_end =
        name_end == std::string_view::npos ? name_end : text.find('+', name_end + 1);
    if (id_end == std::string_view::npos) {
        return fail(ErrorKind::invalid, "the key is not written as name+id+base64");
    }
    TRY_LET(auto typed, decode_base64(text.substr(id_end + 1)));
    KeyText key{.name = std::string(text.substr(0, name_end)),
                .id = std::string(text.substr(name_end + 1, id_end - name_end - 1))};
    if (typed.size() != key.bytes.size() + 1 || typed.front() != ed25519) {
        return fail(ErrorKind::invalid, "the key is no Ed25519 key, key={}", key.name);
    }
    std::copy(typed.begin() + 1, typed.end(), key.bytes.begin());
    OPENSSL_cleanse(typed.data(), typed.size());
    return key;
}

Status check_id(const KeyText& text, const VerifyingKey& key) {
    if (to_hex(key.id()) != text.id) {
        return fail(ErrorKind::invalid, "the key's id does not fit the key, key={}", text.name);
    }
    return {};
}

Result<SigningKey> parse_signing_key(std::string_view text) {
    if (!text.starts_with(private_prefix) || !text.ends_with('\n')) {
        return fail(ErrorKind::invalid, "the file holds no signing key");
    }
    text.remove_suffix(1);
    TRY_LET(KeyText parsed, parse_key_text(text.substr(private_prefix.size())));
    auto key = SigningKey::from_seed(parsed.name, parsed.bytes);
    OPENSSL_cleanse(parsed.bytes.data(), parsed.bytes.size());
    if (key) {
        TRY(check_id(parsed, key->verifying_key()));
    }
    return key;
}

}  // namespace

Result<SigningKey> create_key_file(const std::filesystem::path& path, std::string name) {
    Seed seed{};
    if (RAND_priv_bytes(as_openssl(seed.data()), static_cast<int>(seed.size())) != 1) {
        return fail(ErrorKind::internal, "cannot make key: OpenSSL has no random bytes");
    }
    TRY_LET(SigningKey key, SigningKey::from_seed(std::move(name), seed));
    std::string text = fmt::format("{}{}\n", private_prefix, key_text(key.verifying_key(), seed));
    OPENSSL_cleanse(seed.data(), seed.size());
    const Status created = store::create_secret_file(path.string(), text);
    OPENSSL_cleanse(text.data(), text.size());
    TRY(Status(created).with("cannot make signing key"));
    return key;
}

Result<SigningKey> load_key_file(const std::filesystem::path& path) {
    TRY_LET(std::string text, store::read_secret_file(path.string()));
    auto key = parse_signing_key(text);
    OPENSSL_cleanse(text.data(), text.size());
    if (!key) {
        return fail(ErrorKind::corrupt, "cannot use signing key: {}; restore the file, path={}",
                    key.error().message(), path.string());
    }
    return key;
}

std::string format_verifier_key(const VerifyingKey& key) {
    return key_text(key, key.key());
}

Result<VerifyingKey> parse_verifier_key(std::string_view text) {
    const auto parsed = parse_key_text(text);
    if (!parsed) {
        return fail(ErrorKind::invalid, "cannot read verifier key: {}", parsed.error().message());
    }
    TRY_LET(VerifyingKey key, VerifyingKey::create(parsed->name, parsed->bytes));
    TRY(check_id(*parsed, key).with("cannot read verifier key"));
    return key;
}

}  // namespace weir::ledger
