#include "store/spool_sink.h"

#include <fcntl.h>

#include "store/file_system.h"

namespace weir::store {

Result<std::unique_ptr<SpoolSink>> SpoolSink::create(const std::filesystem::path& path) {
    TRY_LET(FileDescriptor file, open_file(path.string(), O_WRONLY | O_CREAT | O_EXCL));
    return std::make_unique<SpoolSink>(std::move(file), path.string());
}

Status SpoolSink::write(std::span<const std::byte> bytes) {
    return write_all(file_, bytes, path_);
}

Status SpoolSink::finish() {
    file_ = FileDescriptor();
    return {};
}

}  // namespace weir::store
