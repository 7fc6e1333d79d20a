#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/file_descriptor.h"

namespace weir::store {

/// Where one open store keeps the objects it has not finished. The folder is locked (flock) while
/// the object lives, so that anyone can see which folders belong to the dead. Any thread.
class WriterFolder {
public:
    /// Makes a folder of its own below `parent`.
    static Result<std::unique_ptr<WriterFolder>> create(const std::string& parent);
    /// Removes the folders below `parent` whose writers are gone.
    static Status sweep(const std::string& parent);

    WriterFolder(std::string path, FileDescriptor lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}
    WriterFolder(const WriterFolder&) = delete;
    WriterFolder& operator=(const WriterFolder&) = delete;
    ~WriterFolder();

    /// Returns a path that was never returned before.
    std::string next_path();

private:
    std::string path_;
    FileDescriptor lock_;
    std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace weir::store
