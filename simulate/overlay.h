#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir::simulate {

/// What differs from the origin, by number; remembers what it replaced until `commit`. One thread.
template <typename T>
class Overlay {
public:
    /// Returns the entity, valid until the next change, or null.
    const T* find(std::int64_t number) const {
        const auto at = entities_.find(number);
        return at == entities_.end() ? nullptr : &at->second;
    }

    void put(std::int64_t number, T entity) {
        const auto at = entities_.find(number);
        if (at == entities_.end()) {
            undo_.emplace_back(number, std::nullopt);
            entities_.emplace(number, std::move(entity));
        } else {
            undo_.emplace_back(number, std::exchange(at->second, std::move(entity)));
        }
    }

    /// Names a state to which `rollback` can return, until `commit`.
    std::size_t mark() const { return undo_.size(); }

    void rollback(std::size_t mark) {
        for (; undo_.size() > mark; undo_.pop_back()) {
            auto& [number, entity] = undo_.back();
            if (entity) {
                entities_.insert_or_assign(number, *std::move(entity));
            } else {
                entities_.erase(number);
            }
        }
    }

    void commit() { undo_.clear(); }
    /// Forgets an entity that is never asked for again.
    void forget(std::int64_t number) { entities_.erase(number); }

private:
    std::unordered_map<std::int64_t, T> entities_;
    std::vector<std::pair<std::int64_t, std::optional<T>>> undo_;  // Oldest first.
};

}  // namespace weir::simulate
