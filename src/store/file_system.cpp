#include "store/file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "store/file_error.h"

namespace weir::store {
namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t folder_mode = 0700;

/// Not every file system can rename without replacing; a second link is as good where it cannot.
Status link_if_absent(const std::string& from, const std::string& to) {
    if (::link(from.c_str(), to.c_str()) != 0) {
        return file_error("cannot name file", to, errno);
    }
    ::unlink(from.c_str());
    return {};
}

}  // namespace

Result<FileDescriptor> open_file(const std::string& path, int flags) {
    FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, file_mode));
    if (!file.is_open()) {
        return file_error("cannot open file", path, errno);
    }
    return file;
}

Status write_all(const FileDescriptor& file, std::span<const std::byte> bytes,
                 const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return file_error("cannot write file", path, errno);
        }
        if (written > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    return {};
}

Result<std::size_t> read_at(const FileDescriptor& file, std::span<std::byte> bytes,
                            std::uint64_t offset, const std::string& path) {
    std::size_t total = 0;
    while (total < bytes.size()) {
        const ssize_t count = ::pread(file.number(), bytes.data() + total, bytes.size() - total,
                                      static_cast<off_t>(offset + total));
        if (count < 0 && errno != EINTR) {
            return file_error("cannot read file", path, errno);
        }
        if (count == 0) {
            break;
        }
        if (count > 0) {
            total += static_cast<std::size_t>(count);
        }
    }
    return total;
}

Result<std::uint64_t> file_size(const FileDescriptor& file, const std::string& path) {
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) {
        return file_error("cannot look at file", path, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::vector<std::byte>> read_file(const std::string& path) {
    TRY_LET(const FileDescriptor file, open_file(path, O_RDONLY));
    TRY_LET(const std::uint64_t size, file_size(file, path));
    std::vector<std::byte> bytes(size);
    TRY_LET(const std::size_t count, read_at(file, bytes, 0, path));
    bytes.resize(count);
    return bytes;
}

Status sync_file(const FileDescriptor& file, const std::string& path) {
    if (::fsync(file.number()) != 0) {
        return file_error("cannot make file durable", path, errno);
    }
    return {};
}

Status sync_folder(const std::string& path) {
    TRY_LET(const FileDescriptor folder, open_file(path, O_RDONLY | O_DIRECTORY));
    return sync_file(folder, path);
}

Status create_folders(const std::string& path) {
    if (::mkdir(path.c_str(), folder_mode) == 0) {
        return sync_folder(std::filesystem::path(path).parent_path().string());
    }
    if (errno == EEXIST) {
        std::error_code error;
        if (!std::filesystem::is_directory(path, error)) {
            return file_error("cannot make folder", path, ENOTDIR);
        }
        return {};
    }
    if (errno != ENOENT) {
        return file_error("cannot make folder", path, errno);
    }
    TRY(create_folders(std::filesystem::path(path).parent_path().string()));
    return create_folders(path);
}

Status rename_if_absent(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
        return {};
    }
    if (errno == EINVAL || errno == ENOSYS) {
        return link_if_absent(from, to);
    }
    return file_error("cannot name file", to, errno);
}

}  // namespace weir::store
