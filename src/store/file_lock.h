#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/file_descriptor.h"

namespace weir::store {

/// An exclusive lock between processes of this machine (flock), held while the object lives and let
/// go by the kernel when the process dies. The file stays; it holds the holder's process id.
/// Advisory: only those who ask for it are kept out.
class FileLock {
public:
    /// Makes the file and the folders above it if they are missing. Fails at once with
    /// `already_exists` if somebody holds the lock, and names the holder's process id.
    static Result<FileLock> acquire(const std::string& path);
    /// Waits for the holder instead.
    static Result<FileLock> wait(const std::string& path);
    /// Returns the process id of whoever holds the lock now, if somebody does.
    static std::optional<std::string> holder(const std::string& path);

private:
    explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor file_;
};

}  // namespace weir::store
