#include "store/object_store.h"

#include <utility>

namespace weir::store {

Status create_object(ObjectStore& store, std::string key, std::span<const std::byte> bytes) {
    TRY_LET(const auto sink, store.create(std::move(key)));
    TRY(sink->write(bytes));
    return sink->finish();
}

}  // namespace weir::store
