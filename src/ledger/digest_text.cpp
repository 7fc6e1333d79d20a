#include "ledger/digest_text.h"

#include <charconv>

namespace weir::ledger {

Result<Digest> parse_digest(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    Digest digest{};
    if (text.size() != 2 * digest.size() ||
        text.find_first_not_of(digits) != std::string_view::npos) {
        return fail(ErrorKind::corrupt,
                    "the digest is not 64 lower-case hexadecimal digits, bytes={}", text.size());
    }
    for (std::size_t index = 0; index < digest.size(); ++index) {
        std::uint8_t byte = 0;
        std::from_chars(text.data() + 2 * index, text.data() + 2 * index + 2, byte, 16);
        digest[index] = std::byte{byte};
    }
    return digest;
}

}  // namespace weir::ledger
