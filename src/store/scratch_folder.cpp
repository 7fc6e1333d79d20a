#include "store/scratch_folder.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/assert.h"

namespace weir::store {

namespace {

/// Tests end processes, not machines: a folder in memory shows the same and syncs at once.
std::filesystem::path fast_folder() {
    const std::filesystem::path memory = "/dev/shm";
    return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

}  // namespace

ScratchFolder::ScratchFolder() {
    std::string name = (fast_folder() / "weir-XXXXXX").string();
    const char* const made = ::mkdtemp(name.data());
    WEIR_ASSERT(made != nullptr);
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
}

}  // namespace weir::store
