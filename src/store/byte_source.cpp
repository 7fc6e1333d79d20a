#include "store/byte_source.h"

#include <fcntl.h>

#include <algorithm>

#include "store/file_system.h"

namespace weir::store {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
    TRY_LET(FileDescriptor file, open_file(path.string(), O_RDONLY));
    return std::make_unique<FileSource>(std::move(file), path.string());
}

Result<std::size_t> FileSource::read(std::span<std::byte> bytes) {
    TRY_LET(const std::size_t count, read_at(file_, bytes, offset_, path_));
    offset_ += count;
    return count;
}

Result<std::size_t> ObjectSource::read(std::span<std::byte> bytes) {
    TRY_LET(const auto range, store_.read_range(key_, offset_, bytes.size()));
    std::ranges::copy(range, bytes.begin());
    offset_ += range.size();
    return range.size();
}

}  // namespace weir::store
