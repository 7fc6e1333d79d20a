#include "lineage/run_id.h"

#include <openssl/rand.h>

#include <span>

#include "base/assert.h"
#include "base/openssl_bytes.h"
#include "base/sha256.h"

namespace weir::lineage {

std::string make_run_id(Timestamp time, const std::array<std::byte, 10>& random) {
    std::array<std::byte, 16> bytes{};
    auto millis = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count());
    for (std::size_t place = 6; place > 0; --place, millis >>= 8U) {
        bytes[place - 1] = static_cast<std::byte>(millis & 0xFFU);
    }
    std::copy(random.begin(), random.end(), bytes.begin() + 6);
    bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x70};  // Version 7.
    bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};  // Variant of RFC 9562.
    std::string text = to_hex(bytes);
    for (const std::size_t place : {20U, 16U, 12U, 8U}) {
        text.insert(place, 1, '-');
    }
    return text;
}

std::string make_run_id(Timestamp time) {
    std::array<std::byte, 10> random{};
    WEIR_ASSERT(RAND_bytes(as_openssl(random.data()), static_cast<int>(random.size())) == 1);
    return make_run_id(time, random);
}

}  // namespace weir::lineage
