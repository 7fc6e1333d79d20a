#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "store/object_store.h"
#include "store/writer_folder.h"

namespace weir::store {

/// Objects as files of one folder on a local disk: mode 0600, folders 0700. Unfinished objects are
/// in `<root>/.tmp/`, which no key reaches. A version is the hash of the bytes: a state is its
/// bytes. An object cannot have another one below it: `a` and `a/b` do not go together.
/// Failures name the path and the remedy: a full disk is `unavailable`, a missing right `denied`.
class LocalStore final : public ObjectStore {
public:
    /// Makes the folder if it is missing, and removes what dead processes left unfinished.
    static Result<std::unique_ptr<LocalStore>> open(const std::filesystem::path& root);

    Result<VersionedBytes> read(std::string_view key) const override;
    Result<std::vector<std::byte>> read_range(std::string_view key, std::uint64_t offset,
                                              std::uint64_t size) const override;
    Result<ObjectInfo> stat(std::string_view key) const override;
    Result<std::unique_ptr<ByteSink>> create(std::string key) override;
    Result<Version> replace(std::string_view key, const std::optional<Version>& expected,
                            std::span<const std::byte> bytes) override;
    Status remove(std::string_view key) override;
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) const override;

private:
    explicit LocalStore(std::string root) : root_(std::move(root)) {}

    Result<std::string> path_of(std::string_view key) const;
    /// Returns a fresh path for an unfinished object.
    Result<std::string> unfinished_path();
    std::string lock_path(std::string_view key) const;
    Result<std::optional<Version>> version_of(const std::string& path) const;
    Status check_version(const std::string& path, const std::optional<Version>& expected) const;

    std::string root_;  // Absolute.
    std::mutex writer_mutex_;
    std::unique_ptr<WriterFolder> writer_;  // Made by the first write. Guarded by writer_mutex_.
};

}  // namespace weir::store
