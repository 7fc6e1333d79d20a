#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "store/key_service.h"

namespace weir::store {

/// Wraps the keys of files: each under a key of its class that lives for minutes, and that one
/// under the service's master key. So a service is asked once in `lifetime` for a class and not
/// once for a file, and a master key that it refuses stops counting within that time. Any thread.
class KeyEnvelope {
public:
    static constexpr std::chrono::minutes default_lifetime{10};

    /// `service` and `clock` outlive this.
    KeyEnvelope(KeyService& service, const Clock& clock,
                std::chrono::seconds lifetime = default_lifetime)
        : service_(service), clock_(clock), lifetime_(lifetime) {}

    /// Returns `<wrapped class key> <wrapped key>`. Fails as the service does.
    Result<std::string> wrap(std::string_view key_class, const SealingKey& key);
    /// Fails as the service does, and with `corrupt` on any other text.
    Result<SealingKey> unwrap(std::string_view key_class, std::string_view wrapped);

private:
    struct ClassKey {
        std::string wrapped;
        std::shared_ptr<const SealingKey> key;
        std::chrono::steady_clock::time_point made;
    };

    Result<ClassKey> class_key(std::string_view key_class);
    Result<std::shared_ptr<const SealingKey>> unwrapped(std::string_view key_class,
                                                        std::string_view wrapped);
    bool is_fresh(const ClassKey& key) const;

    KeyService& service_;
    const Clock& clock_;
    std::chrono::seconds lifetime_;
    std::mutex mutex_;
    std::map<std::string, ClassKey, std::less<>> newest_;  // By class. Guarded by mutex_.
    std::map<std::string, ClassKey, std::less<>> opened_;  // By class and text. Guarded by mutex_.
};

}  // namespace weir::store
