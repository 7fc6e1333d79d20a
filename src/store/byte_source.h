#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "store/file_descriptor.h"
#include "store/object_store.h"

namespace weir::store {

/// Gives bytes front to back. One thread at a time.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    /// Fills `bytes`; returns less than its size only at the end.
    virtual Result<std::size_t> read(std::span<std::byte> bytes) = 0;
};

/// A local file, from its start.
class FileSource final : public ByteSource {
public:
    static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);

    FileSource(FileDescriptor file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}
    Result<std::size_t> read(std::span<std::byte> bytes) override;

private:
    FileDescriptor file_;
    std::string path_;
    std::uint64_t offset_ = 0;
};

/// An object, from its start. The store outlives it.
class ObjectSource final : public ByteSource {
public:
    ObjectSource(const ObjectStore& store, std::string key) : store_(store), key_(std::move(key)) {}
    Result<std::size_t> read(std::span<std::byte> bytes) override;

private:
    const ObjectStore& store_;
    std::string key_;
    std::uint64_t offset_ = 0;
};

}  // namespace weir::store
