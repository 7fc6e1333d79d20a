#include "store/random_name.h"

#include <openssl/rand.h>

#include <array>

#include "base/openssl_bytes.h"
#include "base/sha256.h"

namespace weir::store {

Result<std::string> random_name() {
    std::array<std::byte, 16> bytes{};
    if (RAND_bytes(as_openssl(bytes.data()), static_cast<int>(bytes.size())) != 1) {
        return fail(ErrorKind::unavailable, "the system gives no random bytes");
    }
    return to_hex(bytes);
}

}  // namespace weir::store
