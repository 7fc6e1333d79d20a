#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "store/object_store.h"

namespace weir::store {

/// What happens at the call that a `FaultyStore` was told to break.
enum class Fault {
    refused,         // It fails with `unavailable` and has done nothing; later calls work again.
    in_doubt,        // It is done and fails with `in_doubt`; later calls work again.
    stopped_before,  // Neither it nor any later call does anything: the process died before it.
    stopped_after,   // It is done, and no later call is: the process died after it.
};

/// An object store for tests that breaks one call that changes it, by number. Counts
/// `create`, its `write` and `finish`, `replace` and `remove`. Any thread.
class FaultyStore final : public ObjectStore {
public:
    /// `store` outlives this. `call` counts from 1; at 0 nothing breaks.
    FaultyStore(ObjectStore& store, Fault fault, std::uint64_t call)
        : store_(store), fault_(fault), call_(call) {}

    /// Calls `die` instead of stopping: for a process that kills itself.
    void on_stop(std::function<void()> die) { die_ = std::move(die); }
    /// Returns whether the call to break has come.
    bool has_broken() const;

    Result<VersionedBytes> read(std::string_view key) const override;
    Result<std::vector<std::byte>> read_range(std::string_view key, std::uint64_t offset,
                                              std::uint64_t size) const override;
    Result<ObjectInfo> stat(std::string_view key) const override;
    Result<std::unique_ptr<ByteSink>> create(std::string key) override;
    Result<Version> replace(std::string_view key, const std::optional<Version>& expected,
                            std::span<const std::byte> bytes) override;
    Status remove(std::string_view key) override;
    Result<std::vector<ObjectInfo>> list(std::string_view prefix) const override;

private:
    friend class FaultySink;

    /// Runs one call that writes, or breaks it.
    template <typename Call>
    auto run(const Call& call) -> decltype(call());
    /// Fails once the process is dead.
    Status check_alive() const;
    void stop();

    ObjectStore& store_;
    Fault fault_;
    std::uint64_t call_;
    std::function<void()> die_;
    mutable std::mutex mutex_;
    std::uint64_t calls_ = 0;  // Guarded by mutex_.
    bool stopped_ = false;     // Likewise.
};

}  // namespace weir::store
