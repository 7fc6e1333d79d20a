#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/object_store.h"

namespace weir::store {

/// What happens at the call that a `FaultyStore` was told to break. Each befalls calls of its kind:
/// any; those that write, which are `create`, its `write` and `finish`, `replace` and `remove`;
/// those that name, which are `finish`, `replace` and `remove`; `write` and `replace`, which carry
/// bytes; or `list`. Later calls work again, but after a stop.
enum class Fault {
    refused,     // Any: it fails with `unavailable` and has done nothing.
    delayed,     // Any: it is done once `on_delay` has let time pass.
    in_doubt,    // Writes: it is done and fails with `in_doubt`.
    late,        // Names: it fails with `in_doubt`; the next call that writes does it first.
    done_twice,  // Names: it is done, its answer is lost, and what a second try says is returned.
    torn,        // Carries: half of its bytes are taken, and it fails with `unavailable`.
    stale,       // List: it shows what there was when the `FaultyStore` was made.
    stopped_before,  // Writes: neither it nor any later call does anything: the process died.
    stopped_within,  // Carries: half of its bytes are taken, and the process died.
    stopped_after,   // Writes: it is done, and no later call is: the process died after it.
};

/// An object store for tests that breaks one call, by its number among those that the fault
/// befalls. It is stricter than S3, whose lists are never stale: who relies on a list to be
/// complete, on a write that failed to stay undone, or on one that succeeded to be told so, is
/// found out. What was torn is unfinished: no call shows it, and a process that dies there leaves
/// it behind. Any thread.
class FaultyStore final : public ObjectStore {
public:
    /// `store` outlives this. `call` counts from 1; at 0 nothing breaks.
    FaultyStore(ObjectStore& store, Fault fault, std::uint64_t call)
        : store_(store), fault_(fault), call_(call) {}
    ~FaultyStore() override;

    /// Counts only calls whose key (of a list: prefix) this says yes to.
    void count_only(std::function<bool(std::string_view key)> counts) {
        counts_ = std::move(counts);
    }
    /// Calls `die` instead of stopping: for a process that kills itself.
    void on_stop(std::function<void()> die) { die_ = std::move(die); }
    /// Moves the test's clock where a call is delayed.
    void on_delay(std::function<void()> pass) { pass_ = std::move(pass); }
    /// Returns whether the call to break has come.
    bool has_broken() const;
    /// Returns how many calls have come that the fault could have befallen.
    std::uint64_t calls() const;

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
    enum class Call { read, list, create, write, finish, replace, remove };

    static bool may_befall(Fault fault, Call call);
    /// Counts a call and returns the fault that befalls it, if one does. Fails once the process is
    /// dead.
    Result<std::optional<Fault>> befall(Call call, std::string_view key) const;
    template <typename Read>
    auto read_or_break(Call call, std::string_view key, const Read& read) const -> decltype(read());
    template <typename Write>
    auto write_or_break(std::optional<Fault> fault, const Write& write) -> decltype(write());
    std::unexpected<Error> stop() const;
    /// Takes half of the bytes into an object that is never finished.
    std::unexpected<Error> tear(Fault fault, std::unique_ptr<ByteSink> sink,
                                std::span<const std::byte> bytes);
    std::unexpected<Error> postpone(std::function<void()> write);
    void do_what_is_late();
    /// Keeps what a stale list shows of a key that is written or removed.
    void keep_before(std::string_view key);
    std::vector<ObjectInfo> as_before(std::vector<ObjectInfo> objects,
                                      std::string_view prefix) const;

    ObjectStore& store_;
    Fault fault_;
    std::uint64_t call_;
    std::function<bool(std::string_view)> counts_;
    std::function<void()> die_;
    std::function<void()> pass_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    mutable std::uint64_t calls_ = 0;
    mutable bool stopped_ = false;
    std::function<void()> late_;
    std::vector<std::unique_ptr<ByteSink>> torn_;
    /// Each key that was written or removed, with the object that it had at the start.
    std::map<std::string, std::optional<ObjectInfo>, std::less<>> before_;
};

}  // namespace weir::store
