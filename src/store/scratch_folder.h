#pragma once

#include <filesystem>

namespace weir::store {

/// A fresh folder for a test, in memory where there is /dev/shm, removed at the end. Stops the
/// program if it cannot be made.
class ScratchFolder {
public:
    ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace weir::store
