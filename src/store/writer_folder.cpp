#include "store/writer_folder.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "base/openssl_bytes.h"
#include "base/sha256.h"
#include "store/file_error.h"
#include "store/file_system.h"

namespace weir::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_prefix = "writer-";

Result<std::string> new_path(const std::string& parent) {
    std::array<std::byte, 8> bytes{};
    if (RAND_bytes(as_openssl(bytes.data()), static_cast<int>(bytes.size())) != 1) {
        return fail(ErrorKind::internal, "cannot name folder: OpenSSL has no random bytes, path={}",
                    parent);
    }
    return fmt::format("{}/{}{}", parent, name_prefix, to_hex(bytes));
}

/// Returns whether `path` still is the folder that `folder` has open.
bool is_still(const FileDescriptor& folder, const std::string& path) {
    struct stat open_status{};
    struct stat path_status{};
    return ::fstat(folder.number(), &open_status) == 0 && ::stat(path.c_str(), &path_status) == 0 &&
           open_status.st_ino == path_status.st_ino && open_status.st_dev == path_status.st_dev;
}

/// Makes and locks a folder. Returns nothing if a sweep came in between the two.
Result<std::optional<FileDescriptor>> make_locked(const std::string& path) {
    TRY(create_folders(path));
    auto folder = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!folder && folder.error().kind() == ErrorKind::not_found) {
        return std::nullopt;
    }
    if (!folder) {
        return std::unexpected(std::move(folder).error());
    }
    if (::flock(folder->number(), LOCK_EX | LOCK_NB) != 0 || !is_still(*folder, path)) {
        return std::nullopt;
    }
    return std::move(*folder);
}

Status remove_if_abandoned(const std::string& path) {
    const auto folder = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!folder || ::flock(folder->number(), LOCK_EX | LOCK_NB) != 0) {
        return {};
    }
    std::error_code error;
    fs::remove_all(path, error);
    if (error) {
        return file_error("cannot remove what a dead process left", path, error.value());
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<WriterFolder>> WriterFolder::create(const std::string& parent) {
    for (;;) {
        TRY_LET(std::string path, new_path(parent));
        TRY_LET(auto lock, make_locked(path));
        if (lock) {
            return std::make_unique<WriterFolder>(std::move(path), std::move(*lock));
        }
    }
}

Status WriterFolder::sweep(const std::string& parent) {
    std::error_code error;
    for (const auto& item : fs::directory_iterator(parent, error)) {
        if (item.path().filename().string().starts_with(name_prefix)) {
            TRY(remove_if_abandoned(item.path().string()));
        }
    }
    if (error && error.value() != ENOENT) {
        return file_error("cannot look for what dead processes left", parent, error.value());
    }
    return {};
}

WriterFolder::~WriterFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
}

std::string WriterFolder::next_path() {
    return fmt::format("{}/{}", path_, count_.fetch_add(1));
}

}  // namespace weir::store
