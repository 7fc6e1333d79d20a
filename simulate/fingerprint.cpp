#include "simulate/fingerprint.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "base/openssl_bytes.h"

namespace weir::simulate {
namespace {

struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};

// Fetched once: looking an algorithm up costs more than hashing a row.
class Md5 {
public:
    Md5() : digest_(EVP_MD_fetch(nullptr, "MD5", nullptr)), context_(EVP_MD_CTX_new()) {
        WEIR_ASSERT(digest_ != nullptr && context_ != nullptr);
    }

    std::array<std::uint8_t, 16> of(const std::string& text) {
        std::array<std::uint8_t, 16> out{};
        WEIR_ASSERT(EVP_DigestInit_ex2(context_.get(), digest_.get(), nullptr) == 1);
        WEIR_ASSERT(EVP_DigestUpdate(context_.get(), text.data(), text.size()) == 1);
        WEIR_ASSERT(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
        return out;
    }

private:
    std::unique_ptr<EVP_MD, Free> digest_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

std::uint64_t big_endian(const std::uint8_t* bytes) {
    std::uint64_t number = 0;
    for (int at = 0; at < 8; ++at) {
        number = number << 8U | bytes[at];
    }
    return number;
}

// Digits 1 to 15 and 16 to 30 of the 32 hexadecimal digits.
std::pair<std::uint64_t, std::uint64_t> digits(const Row& row) {
    static thread_local Md5 md5;
    static thread_local std::string text;
    text.clear();
    row.append_canonical(text);
    const auto digest = md5.of(text);
    const std::uint64_t first = big_endian(digest.data());
    const std::uint64_t second = big_endian(digest.data() + 8);
    return {first >> 4U, (first & 0xFU) << 56U | second >> 8U};
}

}  // namespace

void Fingerprint::add(const Row& row) {
    const auto [low, high] = digits(row);
    ++count_;
    low_ += low;
    high_ += high;
}

void Fingerprint::remove(const Row& row) {
    const auto [low, high] = digits(row);
    WEIR_ASSERT(count_ > 0 && low_ >= low && high_ >= high);
    --count_;
    low_ -= low;
    high_ -= high;
}

Fingerprint& Fingerprint::operator+=(const Fingerprint& other) {
    count_ += other.count_;
    low_ += other.low_;
    high_ += other.high_;
    return *this;
}

std::string Fingerprint::low() const {
    return fmt::format("{}", low_);
}

std::string Fingerprint::high() const {
    return fmt::format("{}", high_);
}

}  // namespace weir::simulate
