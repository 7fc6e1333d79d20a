#include "store/faulty_store.h"

#include <algorithm>
#include <utility>

namespace weir::store {
namespace {

std::unexpected<Error> refused() {
    return fail(ErrorKind::unavailable, "the call was refused by a test");
}

std::unexpected<Error> doubt() {
    return fail(ErrorKind::in_doubt, "the call was broken by a test");
}

}  // namespace

/// Counts and breaks the calls of one sink. The store outlives it.
class FaultySink final : public ByteSink {
public:
    FaultySink(FaultyStore& store, std::string key, std::unique_ptr<ByteSink> sink)
        : store_(store), key_(std::move(key)), sink_(std::move(sink)) {}

    Status write(std::span<const std::byte> bytes) override;
    Status finish() override;

private:
    FaultyStore& store_;
    std::string key_;
    std::unique_ptr<ByteSink> sink_;  // None once it is torn or late.
};

FaultyStore::~FaultyStore() {
    do_what_is_late();
}

bool FaultyStore::has_broken() const {
    const std::lock_guard lock(mutex_);
    return call_ != 0 && calls_ >= call_;
}

std::uint64_t FaultyStore::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

bool FaultyStore::may_befall(Fault fault, Call call) {
    switch (fault) {
        case Fault::refused:
        case Fault::delayed: return true;
        case Fault::stale: return call == Call::list;
        case Fault::torn:
        case Fault::stopped_within: return call == Call::write || call == Call::replace;
        case Fault::late:
        case Fault::done_twice:
            return call == Call::finish || call == Call::replace || call == Call::remove;
        default: return call != Call::read && call != Call::list;
    }
}

Result<std::optional<Fault>> FaultyStore::befall(Call call, std::string_view key) const {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
        return fail(ErrorKind::unavailable, "the store was stopped by a test");
    }
    const bool counts = may_befall(fault_, call) && (!counts_ || counts_(key));
    return counts && ++calls_ == call_ ? std::optional(fault_) : std::nullopt;
}

std::unexpected<Error> FaultyStore::stop() const {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    if (die_) {
        die_();
    }
    return fail(ErrorKind::unavailable, "the store was stopped by a test");
}

template <typename Read>
auto FaultyStore::read_or_break(Call call, std::string_view key, const Read& read) const
    -> decltype(read()) {
    TRY_LET(const std::optional<Fault> fault, befall(call, key));
    if (fault == Fault::refused) {
        return refused();
    }
    if (fault == Fault::delayed && pass_) {
        pass_();
    }
    return read();
}

template <typename Write>
auto FaultyStore::write_or_break(std::optional<Fault> fault, const Write& write)
    -> decltype(write()) {
    if (fault == Fault::refused) {
        return refused();
    }
    if (fault == Fault::stopped_before) {
        return stop();
    }
    if (fault == Fault::delayed && pass_) {
        pass_();
    }
    do_what_is_late();
    auto result = write();
    if (fault == Fault::stopped_after) {
        return stop();
    }
    if (result && fault == Fault::in_doubt) {
        return doubt();
    }
    return result;
}

std::unexpected<Error> FaultyStore::tear(Fault fault, std::unique_ptr<ByteSink> sink,
                                         std::span<const std::byte> bytes) {
    static_cast<void>(sink->write(bytes.first(bytes.size() / 2)));
    if (fault == Fault::torn) {
        return refused();
    }
    {
        const std::lock_guard lock(mutex_);
        torn_.push_back(std::move(sink));
    }
    return stop();
}

std::unexpected<Error> FaultyStore::postpone(std::function<void()> write) {
    const std::lock_guard lock(mutex_);
    late_ = std::move(write);
    return doubt();
}

void FaultyStore::do_what_is_late() {
    std::function<void()> late;
    {
        const std::lock_guard lock(mutex_);
        late = std::exchange(late_, nullptr);
    }
    if (late) {
        late();
    }
}

void FaultyStore::keep_before(std::string_view key) {
    if (fault_ != Fault::stale) {
        return;
    }
    const auto found = store_.stat(key);
    const std::lock_guard lock(mutex_);
    before_.try_emplace(std::string(key), found ? std::optional(*found) : std::nullopt);
}

std::vector<ObjectInfo> FaultyStore::as_before(std::vector<ObjectInfo> objects,
                                               std::string_view prefix) const {
    const std::lock_guard lock(mutex_);
    std::erase_if(objects,
                  [this](const ObjectInfo& object) { return before_.contains(object.key); });
    for (const auto& [key, object] : before_) {
        if (object && key.starts_with(prefix)) {
            objects.push_back(*object);
        }
    }
    std::ranges::sort(objects, {}, &ObjectInfo::key);
    return objects;
}

Status FaultySink::write(std::span<const std::byte> bytes) {
    TRY_LET(const auto fault, store_.befall(FaultyStore::Call::write, key_));
    if (fault == Fault::torn || fault == Fault::stopped_within) {
        return store_.tear(*fault, std::move(sink_), bytes);
    }
    return store_.write_or_break(fault, [&] { return sink_->write(bytes); });
}

Status FaultySink::finish() {
    TRY_LET(const auto fault, store_.befall(FaultyStore::Call::finish, key_));
    if (fault == Fault::late) {
        return store_.postpone([sink = std::shared_ptr<ByteSink>(std::move(sink_))] {
            static_cast<void>(sink->finish());
        });
    }
    store_.keep_before(key_);
    TRY(store_.write_or_break(fault, [&] { return sink_->finish(); }));
    return fault == Fault::done_twice ? create_object(store_.store_, key_, {}) : Status();
}

Result<VersionedBytes> FaultyStore::read(std::string_view key) const {
    return read_or_break(Call::read, key, [&] { return store_.read(key); });
}

Result<std::vector<std::byte>> FaultyStore::read_range(std::string_view key, std::uint64_t offset,
                                                       std::uint64_t size) const {
    return read_or_break(Call::read, key, [&] { return store_.read_range(key, offset, size); });
}

Result<ObjectInfo> FaultyStore::stat(std::string_view key) const {
    return read_or_break(Call::read, key, [&] { return store_.stat(key); });
}

Result<std::unique_ptr<ByteSink>> FaultyStore::create(std::string key) {
    TRY_LET(const auto fault, befall(Call::create, key));
    TRY_LET(auto sink, write_or_break(fault, [&] { return store_.create(key); }));
    return std::make_unique<FaultySink>(*this, std::move(key), std::move(sink));
}

Result<Version> FaultyStore::replace(std::string_view key, const std::optional<Version>& expected,
                                     std::span<const std::byte> bytes) {
    TRY_LET(const auto fault, befall(Call::replace, key));
    if (fault == Fault::torn || fault == Fault::stopped_within) {
        TRY_LET(auto sink, store_.create(std::string(key)));
        return tear(*fault, std::move(sink), bytes);
    }
    if (fault == Fault::late) {
        return postpone([this, expected, key = std::string(key),
                         kept = std::vector<std::byte>(bytes.begin(), bytes.end())] {
            static_cast<void>(store_.replace(key, expected, kept));
        });
    }
    keep_before(key);
    const auto write = [&] { return store_.replace(key, expected, bytes); };
    TRY_LET(Version version, write_or_break(fault, write));
    return fault == Fault::done_twice ? write() : Result<Version>(std::move(version));
}

Status FaultyStore::remove(std::string_view key) {
    TRY_LET(const auto fault, befall(Call::remove, key));
    if (fault == Fault::late) {
        return postpone([this, key = std::string(key)] { static_cast<void>(store_.remove(key)); });
    }
    keep_before(key);
    const auto write = [&] { return store_.remove(key); };
    TRY(write_or_break(fault, write));
    return fault == Fault::done_twice ? write() : Status();
}

Result<std::vector<ObjectInfo>> FaultyStore::list(std::string_view prefix) const {
    TRY_LET(const std::optional<Fault> fault, befall(Call::list, prefix));
    if (fault == Fault::refused) {
        return refused();
    }
    if (fault == Fault::delayed && pass_) {
        pass_();
    }
    TRY_LET(auto objects, store_.list(prefix));
    return fault == Fault::stale ? as_before(std::move(objects), prefix) : std::move(objects);
}

}  // namespace weir::store
