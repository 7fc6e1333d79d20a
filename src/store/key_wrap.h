#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sealing_key.h"

namespace weir::store {

/// Encrypts a key under another one with AES-256-GCM: base64 of nonce (12 bytes), ciphertext (32)
/// and tag (16). `context` is authenticated and must be given again.
Result<std::string> wrap_key(const SealingKey& master, std::string_view context,
                             const SealingKey& key);

/// Returns the key. Fails with `corrupt` if text, master key or context are others.
Result<SealingKey> unwrap_key(const SealingKey& master, std::string_view context,
                              std::string_view wrapped);

}  // namespace weir::store
