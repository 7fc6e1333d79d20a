#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "store/file_descriptor.h"
#include "store/object_store.h"

namespace weir::store {

/// A local file that need not outlive the machine's next start: nothing is synced, and the bytes
/// are under the file's own name from the first one on. Dropped without `finish`, it stays as it
/// is; whoever owns the folder empties it. Fails with `already_exists`.
class SpoolSink final : public ByteSink {
public:
    static Result<std::unique_ptr<SpoolSink>> create(const std::filesystem::path& path);

    SpoolSink(FileDescriptor file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}
    Status write(std::span<const std::byte> bytes) override;
    Status finish() override;

private:
    FileDescriptor file_;
    std::string path_;
};

}  // namespace weir::store
