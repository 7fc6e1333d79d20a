#include "store/local_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/sha256.h"
#include "store/file_error.h"
#include "store/file_lock.h"
#include "store/file_system.h"
#include "store/local_sink.h"
#include "store/object_key.h"

namespace weir::store {
namespace {

namespace fs = std::filesystem;

Version version_of_bytes(std::span<const std::byte> bytes) {
    return {to_hex(sha256(bytes))};
}

Timestamp modified(const struct stat& status) {
    using namespace std::chrono;
    return Timestamp(duration_cast<microseconds>(seconds(status.st_mtim.tv_sec) +
                                                 nanoseconds(status.st_mtim.tv_nsec)));
}

/// An open object, its size and its time.
struct OpenObject {
    FileDescriptor file;
    std::uint64_t bytes = 0;
    Timestamp modified;
};

/// Fails with `not_found` too where a folder is, or a part of the path is an object.
Result<OpenObject> open_object(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        return file_error("cannot read object", path, errno == ENOTDIR ? ENOENT : errno);
    }
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) {
        return file_error("cannot read object", path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return file_error("cannot read object", path, ENOENT);
    }
    return OpenObject{.file = std::move(file),
                      .bytes = static_cast<std::uint64_t>(status.st_size),
                      .modified = modified(status)};
}

Result<std::vector<std::byte>> read_object(const std::string& path) {
    TRY_LET(const OpenObject object, open_object(path));
    std::vector<std::byte> bytes(object.bytes);
    TRY_LET(const std::size_t count, read_at(object.file, bytes, 0, path));
    bytes.resize(count);
    return bytes;
}

/// Writes the whole file, durably except for its name.
Status write_file(const std::string& path, std::span<const std::byte> bytes) {
    TRY_LET(const FileDescriptor file, open_file(path, O_WRONLY | O_CREAT | O_EXCL));
    TRY(write_all(file, bytes, path));
    return sync_file(file, path);
}

/// Gives a finished file its name and makes the name durable. A name that was given and may not be
/// durable is `in_doubt`.
Status rename_durably(const std::string& from, const std::string& to, bool may_replace) {
    if (!may_replace) {
        TRY(rename_if_absent(from, to));
    } else if (::rename(from.c_str(), to.c_str()) != 0) {
        return file_error("cannot name file", to, errno);
    }
    if (const Status synced = sync_folder(fs::path(to).parent_path().string()); !synced) {
        return fail(ErrorKind::in_doubt, "{}", synced.error().message());
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<LocalStore>> LocalStore::open(const fs::path& root) {
    std::error_code error;
    const fs::path absolute = fs::absolute(root, error).lexically_normal();
    if (error) {
        return file_error("cannot open store", root.string(), error.value());
    }
    std::string path = absolute.string();
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    TRY(create_folders(path).with("cannot open store"));
    const Status swept = WriterFolder::sweep(path + "/.tmp");
    // Somebody who may only read has nothing to sweep.
    if (!swept && swept.error().kind() != ErrorKind::denied) {
        return std::unexpected(swept.error());
    }
    return std::unique_ptr<LocalStore>(new LocalStore(std::move(path)));
}

Result<std::string> LocalStore::path_of(std::string_view key) const {
    TRY(check_key(key));
    return fmt::format("{}/{}", root_, key);
}

Result<std::string> LocalStore::unfinished_path() {
    const std::lock_guard lock(writer_mutex_);
    if (!writer_) {
        TRY_LET(writer_, WriterFolder::create(root_ + "/.tmp"));
    }
    return writer_->next_path();
}

std::string LocalStore::lock_path(std::string_view key) const {
    // A few locks for all keys: lock files are never removed, so they must not grow in number.
    const Digest digest = sha256(key);
    return fmt::format("{}/.tmp/lock-{}", root_, to_hex(std::span(digest).first(1)));
}

Result<VersionedBytes> LocalStore::read(std::string_view key) const {
    TRY_LET(const std::string path, path_of(key));
    TRY_LET(auto bytes, read_object(path));
    Version version = version_of_bytes(bytes);
    return VersionedBytes{.bytes = std::move(bytes), .version = std::move(version)};
}

Result<std::vector<std::byte>> LocalStore::read_range(std::string_view key, std::uint64_t offset,
                                                      std::uint64_t size) const {
    TRY_LET(const std::string path, path_of(key));
    TRY_LET(const OpenObject object, open_object(path));
    if (offset >= object.bytes) {
        return std::vector<std::byte>{};
    }
    std::vector<std::byte> bytes(std::min(size, object.bytes - offset));
    TRY_LET(const std::size_t count, read_at(object.file, bytes, offset, path));
    bytes.resize(count);
    return bytes;
}

Result<ObjectInfo> LocalStore::stat(std::string_view key) const {
    TRY_LET(const std::string path, path_of(key));
    TRY_LET(const OpenObject object, open_object(path));
    return ObjectInfo{.key = std::string(key), .bytes = object.bytes, .modified = object.modified};
}

Result<std::unique_ptr<ByteSink>> LocalStore::create(std::string key) {
    TRY_LET(std::string path, path_of(key));
    TRY_LET(std::string unfinished, unfinished_path());
    TRY_LET(FileDescriptor file, open_file(unfinished, O_WRONLY | O_CREAT | O_EXCL));
    return std::make_unique<LocalSink>(std::move(file), std::move(unfinished), std::move(path));
}

Result<std::optional<Version>> LocalStore::version_of(const std::string& path) const {
    const auto bytes = read_object(path);
    if (bytes) {
        return version_of_bytes(*bytes);
    }
    if (bytes.error().kind() == ErrorKind::not_found) {
        return std::nullopt;
    }
    return std::unexpected(bytes.error());
}

Status LocalStore::check_version(const std::string& path,
                                 const std::optional<Version>& expected) const {
    TRY_LET(const std::optional<Version> actual, version_of(path));
    if (actual != expected) {
        return fail(ErrorKind::conflict,
                    "cannot replace object: it has changed; read it again and retry, path={}",
                    path);
    }
    return {};
}

Result<Version> LocalStore::replace(std::string_view key, const std::optional<Version>& expected,
                                    std::span<const std::byte> bytes) {
    TRY_LET(const std::string path, path_of(key));
    TRY_LET(const FileLock lock, FileLock::wait(lock_path(key)));
    TRY(check_version(path, expected));
    TRY_LET(const std::string unfinished, unfinished_path());
    TRY(create_folders(fs::path(path).parent_path().string()));
    Status replaced = write_file(unfinished, bytes);
    if (replaced) {
        // `create` takes no lock: only a name that must be free is safe from it.
        replaced = rename_durably(unfinished, path, expected.has_value());
    }
    if (!replaced) {
        ::unlink(unfinished.c_str());
        if (replaced.error().kind() == ErrorKind::already_exists) {
            return fail(ErrorKind::conflict, "cannot replace object: it exists by now, path={}",
                        path);
        }
        return std::unexpected(std::move(replaced).error());
    }
    return version_of_bytes(bytes);
}

Status LocalStore::remove(std::string_view key) {
    TRY_LET(const std::string path, path_of(key));
    // Under the lock, so that nothing vanishes between compare and swap.
    TRY_LET(const FileLock lock, FileLock::wait(lock_path(key)));
    if (::unlink(path.c_str()) != 0) {
        if (errno == ENOENT || errno == ENOTDIR || errno == EISDIR) {
            return {};
        }
        return file_error("cannot remove object", path, errno);
    }
    return sync_folder(fs::path(path).parent_path().string());
}

Result<std::vector<ObjectInfo>> LocalStore::list(std::string_view prefix) const {
    std::vector<ObjectInfo> objects;
    const fs::path folder =
        fs::path(root_) / prefix.substr(0, prefix.find_last_of('/') == std::string_view::npos
                                               ? 0
                                               : prefix.find_last_of('/'));
    std::error_code error;
    fs::recursive_directory_iterator item(folder, error);
    for (const fs::recursive_directory_iterator end; !error && item != end; item.increment(error)) {
        std::string key = item->path().string().substr(root_.size() + 1);
        if (key == ".tmp") {
            item.disable_recursion_pending();
            continue;
        }
        struct stat status{};
        // A file that goes while we look was not there.
        if (key.starts_with(prefix) && ::lstat(item->path().c_str(), &status) == 0 &&
            S_ISREG(status.st_mode)) {
            objects.push_back({.key = std::move(key),
                               .bytes = static_cast<std::uint64_t>(status.st_size),
                               .modified = modified(status)});
        }
    }
    if (error && error.value() != ENOENT && error.value() != ENOTDIR) {
        return file_error("cannot list objects", folder.string(), error.value());
    }
    std::ranges::sort(objects, {}, &ObjectInfo::key);
    return objects;
}

}  // namespace weir::store
