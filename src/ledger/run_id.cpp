#include "ledger/run_id.h"

#include <openssl/rand.h>

#include <array>
#include <string_view>

#include "base/openssl_bytes.h"
#include "base/sha256.h"

namespace weir::ledger {

Result<std::string> new_run_id(Timestamp time) {
    std::array<std::byte, 16> bytes{};
    if (RAND_bytes(as_openssl(bytes.data()), static_cast<int>(bytes.size())) != 1) {
        return fail(ErrorKind::internal, "cannot make run id: OpenSSL has no random bytes");
    }
    const auto milliseconds = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
    for (std::size_t index = 0; index < 6; ++index) {
        bytes[index] = static_cast<std::byte>((milliseconds >> (40 - 8 * index)) & 0xFFU);
    }
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
    const std::string digits = to_hex(bytes);
    const std::string_view view = digits;
    return fmt::format("{}-{}-{}-{}-{}", view.substr(0, 8), view.substr(8, 4), view.substr(12, 4),
                       view.substr(16, 4), view.substr(20));
}

}  // namespace weir::ledger
