#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "store/object_store.h"

namespace weir::columnar {

/// An object store in memory, for tests. `die_after(n)` lets n more writing calls succeed and fails
/// all later ones with `unavailable`, as if the process had died there; `revive` ends that.
class MemoryStore final : public store::ObjectStore {
public:
    void die_after(std::uint64_t writes) { writes_left_ = writes; }
    void revive() { writes_left_ = std::numeric_limits<std::uint64_t>::max(); }
    std::uint64_t writes() const { return writes_; }
    const std::map<std::string, std::vector<std::byte>, std::less<>>& objects() const {
        return objects_;
    }

    Result<store::VersionedBytes> read(std::string_view key) const override {
        const std::scoped_lock lock(mutex_);
        TRY_LET(const std::vector<std::byte>* bytes, find(key));
        return store::VersionedBytes{.bytes = *bytes, .version = {version_of(key)}};
    }
    Result<std::vector<std::byte>> read_range(std::string_view key, std::uint64_t offset,
                                              std::uint64_t size) const override {
        const std::scoped_lock lock(mutex_);
        TRY_LET(const std::vector<std::byte>* bytes, find(key));
        const std::uint64_t begin = std::min<std::uint64_t>(offset, bytes->size());
        const std::uint64_t end = begin + std::min<std::uint64_t>(size, bytes->size() - begin);
        return std::vector<std::byte>(bytes->begin() + static_cast<std::ptrdiff_t>(begin),
                                      bytes->begin() + static_cast<std::ptrdiff_t>(end));
    }
    Result<store::ObjectInfo> stat(std::string_view key) const override {
        const std::scoped_lock lock(mutex_);
        TRY_LET(const std::vector<std::byte>* bytes, find(key));
        return store::ObjectInfo{.key = std::string(key), .bytes = bytes->size()};
    }
    Result<std::unique_ptr<store::ByteSink>> create(std::string key) override {
        return std::make_unique<Sink>(*this, std::move(key));
    }
    Result<store::Version> replace(std::string_view key,
                                   const std::optional<store::Version>& expected,
                                   std::span<const std::byte> bytes) override {
        const std::scoped_lock lock(mutex_);
        TRY(count_write());
        const bool exists = objects_.contains(key);
        if (exists != expected.has_value() || (exists && expected->tag != version_of(key))) {
            return fail(ErrorKind::conflict, "the object is another, key={}", key);
        }
        put(std::string(key), {bytes.begin(), bytes.end()});
        return store::Version{version_of(key)};
    }
    Status remove(std::string_view key) override {
        const std::scoped_lock lock(mutex_);
        TRY(count_write());
        if (const auto found = objects_.find(key); found != objects_.end()) {
            objects_.erase(found);
        }
        return {};
    }
    Result<std::vector<store::ObjectInfo>> list(std::string_view prefix) const override {
        const std::scoped_lock lock(mutex_);
        std::vector<store::ObjectInfo> found;
        for (auto at = objects_.lower_bound(prefix);
             at != objects_.end() && at->first.starts_with(prefix); ++at) {
            found.push_back({.key = at->first, .bytes = at->second.size()});
        }
        return found;
    }

private:
    class Sink final : public store::ByteSink {
    public:
        Sink(MemoryStore& store, std::string key) : store_(store), key_(std::move(key)) {}

        Status write(std::span<const std::byte> bytes) override {
            bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
            return {};
        }
        Status finish() override {
            const std::scoped_lock lock(store_.mutex_);
            TRY(store_.count_write());
            if (store_.objects_.contains(key_)) {
                return fail(ErrorKind::already_exists, "there is an object, key={}", key_);
            }
            store_.put(key_, std::move(bytes_));
            return {};
        }

    private:
        MemoryStore& store_;
        std::string key_;
        std::vector<std::byte> bytes_;
    };

    Result<const std::vector<std::byte>*> find(std::string_view key) const {
        const auto found = objects_.find(key);
        if (found == objects_.end()) {
            return fail(ErrorKind::not_found, "there is no object, key={}", key);
        }
        return &found->second;
    }
    std::string version_of(std::string_view key) const {
        return std::to_string(versions_.at(std::string(key)));
    }
    Status count_write() {
        if (writes_left_ == 0) {
            return fail(ErrorKind::unavailable, "the store died");
        }
        --writes_left_;
        ++writes_;
        return {};
    }
    void put(std::string key, std::vector<std::byte> bytes) {
        versions_[key] = writes_;
        objects_[std::move(key)] = std::move(bytes);
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::vector<std::byte>, std::less<>> objects_;
    std::map<std::string, std::uint64_t> versions_;
    std::uint64_t writes_ = 0;
    std::uint64_t writes_left_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace weir::columnar
