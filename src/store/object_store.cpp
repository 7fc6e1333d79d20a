#include "store/object_store.h"

#include <utility>

namespace weir::store {

Status create_object(ObjectStore& store, std::string key, std::span<const std::byte> bytes) {
    TRY_LET(const auto sink, store.create(std::move(key)));
    TRY(sink->write(bytes));
    return sink->finish();
}

Result<std::optional<VersionedBytes>> read_if_present(const ObjectStore& store,
                                                      std::string_view key) {
    auto object = store.read(key);
    if (!object && object.error().kind() == ErrorKind::not_found) {
        return std::nullopt;
    }
    TRY(object);
    return *std::move(object);
}

}  // namespace weir::store
