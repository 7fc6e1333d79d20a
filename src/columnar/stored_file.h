#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/sha256.h"
#include "store/object_store.h"

namespace weir::columnar {

/// What the ledger says about the bytes of an object.
struct StoredContent {
    std::string key;
    std::uint64_t bytes = 0;
    Digest sha256{};
};

/// Opens an object for Arrow after its bytes were found to be those that the ledger names: a small
/// one in memory, a large one by ranges (`store` outlives the file then). Fails with `corrupt` if
/// the object is missing or has other bytes.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> open_verified(const store::ObjectStore& store,
                                                                   const StoredContent& content);

/// Opens bytes in memory.
std::shared_ptr<arrow::io::RandomAccessFile> open_bytes(std::vector<std::byte> bytes);

}  // namespace weir::columnar
