#include "store/local_sink.h"

#include <unistd.h>

#include <filesystem>

#include "store/file_system.h"

namespace weir::store {

LocalSink::~LocalSink() {
    if (!unfinished_.empty()) {
        ::unlink(unfinished_.c_str());
    }
}

Status LocalSink::write(std::span<const std::byte> bytes) {
    return write_all(file_, bytes, unfinished_);
}

Status LocalSink::finish() {
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    TRY(sync_file(file_, unfinished_));
    TRY(create_folders(folder));
    TRY(rename_if_absent(unfinished_, path_));
    unfinished_.clear();
    if (const Status synced = sync_folder(folder); !synced) {
        return fail(ErrorKind::in_doubt, "{}", synced.error().message());
    }
    return {};
}

}  // namespace weir::store
