#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sealing_key.h"

namespace weir::store {

/// Where master keys live, one for each class of data: a keyring on this machine, or a service that
/// never gives them away. Any thread may call it.
class KeyService {
public:
    KeyService() = default;
    KeyService(const KeyService&) = delete;
    KeyService& operator=(const KeyService&) = delete;
    virtual ~KeyService() = default;

    /// Encrypts a key under the newest master key of a class; the text has no spaces and names the
    /// master key's version. A class is 1 to 64 letters, digits, `.`, `_` and `-`. Fails with
    /// `denied`, `unavailable`.
    virtual Result<std::string> wrap(std::string_view key_class, const SealingKey& key) = 0;
    /// Returns the key. Fails with `denied` if the master key is not there any more or may not be
    /// used, with `corrupt` if the text was changed or is of another class, with `unavailable`.
    virtual Result<SealingKey> unwrap(std::string_view key_class, std::string_view wrapped) = 0;
};

/// Fails with `invalid` unless `key_class` may name a class of keys.
Status check_key_class(std::string_view key_class);

}  // namespace weir::store
