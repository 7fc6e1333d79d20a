#pragma once

#include <functional>
#include <string>
#include <utility>

#include "store/object_store.h"

namespace weir::ledger {

/// A store on which somebody else does something just before a key is read, or replaced.
class OvertakenStore final : public store::ObjectStore {
public:
    OvertakenStore(store::ObjectStore& store, std::string key)
        : store_(store), key_(std::move(key)) {}

    std::function<void()> before_read = [] {};
    std::function<void()> before_replace = [] {};

    Result<store::VersionedBytes> read(std::string_view key) const override {
        if (key == key_) {
            before_read();
        }
        return store_.read(key);
    }
    Result<std::vector<std::byte>> read_range(std::string_view key, std::uint64_t offset,
                                              std::uint64_t size) const override {
        return store_.read_range(key, offset, size);
    }
    Result<store::ObjectInfo> stat(std::string_view key) const override { return store_.stat(key); }
    Result<std::unique_ptr<store::ByteSink>> create(std::string key) override {
        return store_.create(std::move(key));
    }
    Result<store::Version> replace(std::string_view key,
                                   const std::optional<store::Version>& expected,
                                   std::span<const std::byte> bytes) override {
        if (key == key_) {
            before_replace();
        }
        return store_.replace(key, expected, bytes);
    }
    Status remove(std::string_view key) override { return store_.remove(key); }
    Result<std::vector<store::ObjectInfo>> list(std::string_view prefix) const override {
        return store_.list(prefix);
    }

private:
    store::ObjectStore& store_;
    std::string key_;
};

}  // namespace weir::ledger
