#include "store/faulty_store.h"

#include <utility>

namespace weir::store {

/// Counts and breaks the calls of one sink. The store outlives it.
class FaultySink final : public ByteSink {
public:
    FaultySink(FaultyStore& store, std::unique_ptr<ByteSink> sink)
        : store_(store), sink_(std::move(sink)) {}

    Status write(std::span<const std::byte> bytes) override;
    Status finish() override;

private:
    FaultyStore& store_;
    std::unique_ptr<ByteSink> sink_;
};

void FaultyStore::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    if (die_) {
        die_();
    }
}

Status FaultyStore::check_alive() const {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
        return fail(ErrorKind::unavailable, "the store was stopped by a test");
    }
    return {};
}

bool FaultyStore::has_broken() const {
    const std::lock_guard lock(mutex_);
    return call_ != 0 && calls_ >= call_;
}

template <typename Call>
auto FaultyStore::run(const Call& call) -> decltype(call()) {
    TRY(check_alive());
    bool breaks = false;
    {
        const std::lock_guard lock(mutex_);
        breaks = ++calls_ == call_;
    }
    if (!breaks) {
        return call();
    }
    if (fault_ == Fault::refused) {
        return fail(ErrorKind::unavailable, "the call was refused by a test");
    }
    if (fault_ == Fault::stopped_before) {
        stop();
        return fail(ErrorKind::unavailable, "the store was stopped by a test");
    }
    auto result = call();
    if (fault_ == Fault::stopped_after) {
        stop();
    }
    if (!result) {
        return result;
    }
    return fail(ErrorKind::in_doubt, "the call was broken by a test");
}

Status FaultySink::write(std::span<const std::byte> bytes) {
    return store_.run([&] { return sink_->write(bytes); });
}

Status FaultySink::finish() {
    return store_.run([&] { return sink_->finish(); });
}

Result<VersionedBytes> FaultyStore::read(std::string_view key) const {
    TRY(check_alive());
    return store_.read(key);
}

Result<std::vector<std::byte>> FaultyStore::read_range(std::string_view key, std::uint64_t offset,
                                                       std::uint64_t size) const {
    TRY(check_alive());
    return store_.read_range(key, offset, size);
}

Result<ObjectInfo> FaultyStore::stat(std::string_view key) const {
    TRY(check_alive());
    return store_.stat(key);
}

Result<std::unique_ptr<ByteSink>> FaultyStore::create(std::string key) {
    TRY_LET(auto sink, run([&] { return store_.create(std::move(key)); }));
    return std::make_unique<FaultySink>(*this, std::move(sink));
}

Result<Version> FaultyStore::replace(std::string_view key, const std::optional<Version>& expected,
                                     std::span<const std::byte> bytes) {
    return run([&] { return store_.replace(key, expected, bytes); });
}

Status FaultyStore::remove(std::string_view key) {
    return run([&] { return store_.remove(key); });
}

Result<std::vector<ObjectInfo>> FaultyStore::list(std::string_view prefix) const {
    TRY(check_alive());
    return store_.list(prefix);
}

}  // namespace weir::store
