#pragma once

#include <string>

#include "store/file_descriptor.h"
#include "store/object_store.h"

namespace weir::store {

/// Writes one object of a `LocalStore` under an unfinished name; `finish` gives it its own.
class LocalSink final : public ByteSink {
public:
    LocalSink(FileDescriptor file, std::string unfinished, std::string path)
        : file_(std::move(file)), unfinished_(std::move(unfinished)), path_(std::move(path)) {}
    ~LocalSink() override;

    Status write(std::span<const std::byte> bytes) override;
    Status finish() override;

private:
    FileDescriptor file_;
    std::string unfinished_;  // Empty once the file has its name.
    std::string path_;
};

}  // namespace weir::store
