#include "store/scratch_folder.h"

#include <cstdlib>
#include <string>

#include "base/assert.h"

namespace weir::store {

ScratchFolder::ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
    const char* const made = ::mkdtemp(name.data());
    WEIR_ASSERT(made != nullptr);
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
}

}  // namespace weir::store
