#include "store/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "store/file_error.h"
#include "store/file_system.h"

namespace weir::store {
namespace {

std::string holder_of(const FileDescriptor& file, const std::string& path) {
    std::byte bytes[20];
    const auto count = read_at(file, bytes, 0, path);
    std::string text;
    for (std::size_t index = 0; count && index < *count; ++index) {
        const char digit = static_cast<char>(bytes[index]);
        if (digit < '0' || digit > '9') {
            break;
        }
        text.push_back(digit);
    }
    return text.empty() ? "unknown" : text;
}

int lock_file(const FileDescriptor& file, int operation) {
    while (::flock(file.number(), operation) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

Result<FileDescriptor> open_lock(const std::string& path) {
    TRY(create_folders(std::filesystem::absolute(path).parent_path().string()));
    return open_file(path, O_RDWR | O_CREAT);
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path) {
    TRY_LET(FileDescriptor file, open_lock(path));
    const int error_number = lock_file(file, LOCK_EX | LOCK_NB);
    if (error_number == EWOULDBLOCK) {
        return fail(ErrorKind::already_exists,
                    "cannot take lock: a running process holds it; stop that process or wait for "
                    "it, pid={}, path={}",
                    holder_of(file, path), path);
    }
    if (error_number != 0) {
        return file_error("cannot take lock", path, error_number);
    }
    const std::string holder = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.number(), 0) != 0) {
        return file_error("cannot write lock", path, errno);
    }
    TRY(write_all(file, std::as_bytes(std::span(holder)), path));
    return FileLock(std::move(file));
}

Result<FileLock> FileLock::wait(const std::string& path) {
    TRY_LET(FileDescriptor file, open_lock(path));
    if (const int error_number = lock_file(file, LOCK_EX); error_number != 0) {
        return file_error("cannot take lock", path, error_number);
    }
    return FileLock(std::move(file));
}

std::optional<std::string> FileLock::holder(const std::string& path) {
    const auto file = open_file(path, O_RDONLY);
    if (!file || lock_file(*file, LOCK_SH | LOCK_NB) != EWOULDBLOCK) {
        return std::nullopt;  // A lock that we got goes with the descriptor.
    }
    return holder_of(*file, path);
}

}  // namespace weir::store
