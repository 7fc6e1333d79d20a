#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/file_descriptor.h"

namespace weir::store {

// System calls on files as `Result`s. Files are made with mode 0600, folders with 0700.

/// Opens with `flags` as open(2) takes them; close-on-exec is added.
Result<FileDescriptor> open_file(const std::string& path, int flags);

Status write_all(const FileDescriptor& file, std::span<const std::byte> bytes,
                 const std::string& path);

/// Reads from `offset` until `bytes` is full or the file ends; returns how many bytes were read.
Result<std::size_t> read_at(const FileDescriptor& file, std::span<std::byte> bytes,
                            std::uint64_t offset, const std::string& path);

Result<std::uint64_t> file_size(const FileDescriptor& file, const std::string& path);

Result<std::vector<std::byte>> read_file(const std::string& path);

Status sync_file(const FileDescriptor& file, const std::string& path);

/// Makes the names in a folder durable.
Status sync_folder(const std::string& path);

/// Makes `path` and the folders above it that are missing, durably.
Status create_folders(const std::string& path);

/// Gives the file `from` the name `to`, if that name is free; fails with `already_exists`.
/// Durable only after `sync_folder`.
Status rename_if_absent(const std::string& from, const std::string& to);

}  // namespace weir::store
