#pragma once

#include <string_view>

#include "base/result.h"
#include "base/sha256.h"

namespace weir::ledger {

/// Reads 64 lower-case hexadecimal digits, as `to_hex` writes them. Fails with `corrupt`.
Result<Digest> parse_digest(std::string_view text);

}  // namespace weir::ledger
