#include "store/key_envelope.h"

#include <fmt/format.h>

#include <utility>

#include "store/key_wrap.h"

namespace weir::store {
namespace {

std::string context_of(std::string_view key_class) {
    return fmt::format("weir file key {}", key_class);
}

}  // namespace

bool KeyEnvelope::is_fresh(const ClassKey& key) const {
    return clock_.steady_now() - key.made < lifetime_;
}

Result<KeyEnvelope::ClassKey> KeyEnvelope::class_key(std::string_view key_class) {
    const std::lock_guard lock(mutex_);
    if (const auto found = newest_.find(key_class);
        found != newest_.end() && is_fresh(found->second)) {
        return found->second;
    }
    TRY_LET(SealingKey key, SealingKey::random());
    TRY_LET(std::string wrapped, service_.wrap(key_class, key));
    ClassKey made{.wrapped = std::move(wrapped),
                  .key = std::make_shared<const SealingKey>(std::move(key)),
                  .made = clock_.steady_now()};
    newest_.insert_or_assign(std::string(key_class), made);
    return made;
}

Result<std::shared_ptr<const SealingKey>> KeyEnvelope::unwrapped(std::string_view key_class,
                                                                 std::string_view wrapped) {
    const std::lock_guard lock(mutex_);
    std::erase_if(opened_, [&](const auto& entry) { return !is_fresh(entry.second); });
    const std::string name = fmt::format("{} {}", key_class, wrapped);
    if (const auto found = opened_.find(name); found != opened_.end()) {
        return found->second.key;
    }
    TRY_LET(SealingKey key, service_.unwrap(key_class, wrapped));
    ClassKey opened{.wrapped = std::string(wrapped),
                    .key = std::make_shared<const SealingKey>(std::move(key)),
                    .made = clock_.steady_now()};
    return opened_.emplace(name, std::move(opened)).first->second.key;
}

Result<std::string> KeyEnvelope::wrap(std::string_view key_class, const SealingKey& key) {
    TRY_LET(const ClassKey master, class_key(key_class));
    TRY_LET(const std::string wrapped, wrap_key(*master.key, context_of(key_class), key));
    return fmt::format("{} {}", master.wrapped, wrapped);
}

Result<SealingKey> KeyEnvelope::unwrap(std::string_view key_class, std::string_view wrapped) {
    const std::size_t space = wrapped.find(' ');
    if (space == std::string_view::npos) {
        return fail(ErrorKind::corrupt, "a wrapped file key is not two texts, class={}", key_class);
    }
    TRY_LET(const auto master, unwrapped(key_class, wrapped.substr(0, space)));
    return unwrap_key(*master, context_of(key_class), wrapped.substr(space + 1))
        .with(fmt::format("file key of class {}", key_class));
}

}  // namespace weir::store
