#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace weir::store {

/// Names one state of an object: two states of a key never share a version.
struct Version {
    std::string tag;

    friend bool operator==(const Version&, const Version&) = default;
};

struct VersionedBytes {
    std::vector<std::byte> bytes;
    Version version;
};

struct ObjectInfo {
    std::string key;
    std::uint64_t bytes = 0;
    /// When it was written, by the store's own clock: to be compared with other objects of the
    /// store, never with a clock of this machine.
    Timestamp modified{};
};

/// Takes the bytes of one new object. One thread at a time. Dropped without `finish`, it leaves
/// nothing that `list` or `read` would show.
class ByteSink {
public:
    ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;
    virtual ~ByteSink() = default;

    virtual Status write(std::span<const std::byte> bytes) = 0;
    /// Makes the object durable and visible, whole. Fails with `already_exists` if the key has an
    /// object by then; the existing one is left as it is.
    virtual Status finish() = 0;
};

/// A flat, durable map from keys to bytes. Keys are relative paths of printable ASCII with `/`
/// between parts; a part is neither empty nor `.` nor `..`. What a call reports as done survives a
/// crash of the machine. Any thread may call it. Every failure may be `unavailable`; a write whose
/// outcome is unknown is `in_doubt`.
class ObjectStore {
public:
    ObjectStore() = default;
    ObjectStore(const ObjectStore&) = delete;
    ObjectStore& operator=(const ObjectStore&) = delete;
    virtual ~ObjectStore() = default;

    /// Fails with `not_found` if the key has no object.
    virtual Result<VersionedBytes> read(std::string_view key) const = 0;
    /// Reads `size` bytes from `offset`; fewer at the end of the object, never more.
    virtual Result<std::vector<std::byte>> read_range(std::string_view key, std::uint64_t offset,
                                                      std::uint64_t size) const = 0;
    /// Fails with `not_found` if the key has no object.
    virtual Result<ObjectInfo> stat(std::string_view key) const = 0;
    /// Begins an object that does not exist yet; existence is decided by `finish`.
    virtual Result<std::unique_ptr<ByteSink>> create(std::string key) = 0;
    /// Replaces the object only if it still is `expected` (no value: only if there is none).
    /// Fails with `conflict` otherwise. The compare and the swap are one step for all processes.
    virtual Result<Version> replace(std::string_view key, const std::optional<Version>& expected,
                                    std::span<const std::byte> bytes) = 0;
    /// Removes the object; a key without one is no error.
    virtual Status remove(std::string_view key) = 0;
    /// Returns the objects whose key begins with `prefix`, in key order.
    virtual Result<std::vector<ObjectInfo>> list(std::string_view prefix) const = 0;
};

/// Creates an object in one call. Fails with `already_exists` as `ByteSink::finish` does.
Status create_object(ObjectStore& store, std::string key, std::span<const std::byte> bytes);

/// Reads an object where it is no error that there is none.
Result<std::optional<VersionedBytes>> read_if_present(const ObjectStore& store,
                                                      std::string_view key);

}  // namespace weir::store
