#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "store/key_service.h"

namespace weir::store {

/// Master keys in a file of this machine (docs/formats/keyring.md), mode 0600. A class that has no
/// key yet gets one at its first `wrap`. Several processes may share the file. Back it up apart
/// from the data: without it nothing that is encrypted opens again.
class LocalKeyring final : public KeyService {
public:
    /// Fails with `denied` if others may read the file, with `corrupt`. A file that is missing is
    /// made by the first `wrap`.
    static Result<std::unique_ptr<LocalKeyring>> open(const std::filesystem::path& path);

    Result<std::string> wrap(std::string_view key_class, const SealingKey& key) override;
    Result<SealingKey> unwrap(std::string_view key_class, std::string_view wrapped) override;

    /// Makes a new master key for a class; the ones before still open what is under them. Returns
    /// its version, from 1.
    Result<std::uint32_t> rotate(std::string_view key_class);
    /// Forgets a master key for good: what is under it opens never again. Fails with `not_found`.
    Status destroy(std::string_view key_class, std::uint32_t version);

private:
    /// None: it was destroyed.
    using Versions = std::map<std::uint32_t, std::optional<SealingKey>>;
    using Classes = std::map<std::string, Versions, std::less<>>;

    explicit LocalKeyring(std::string path) : path_(std::move(path)) {}

    Status reload();
    /// Writes the keyring anew after `change`, which no other process comes between.
    template <typename Change>
    auto update(const Change& change) -> decltype(change(std::declval<Classes&>()));
    Result<std::uint32_t> newest(std::string_view key_class);
    const Versions* versions_of(std::string_view key_class) const;

    static Result<Classes> parse(std::string_view text, const std::string& path);
    static std::string format(const Classes& classes);

    std::string path_;
    std::mutex mutex_;
    Classes classes_;  // Guarded by mutex_.
};

}  // namespace weir::store
