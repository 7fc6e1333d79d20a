#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "columnar/parquet_reader.h"
#include "ledger/entry.h"
#include "store/object_store.h"
#include "store/sealed_file.h"

namespace weir::refine {

/// What the store holds of a sealed file once it is finished.
struct SealedObject {
    std::uint64_t bytes = 0;
    Digest sha256{};
};

/// Begins a quarantine file: Parquet goes in, sealed bytes go to the store under `key`, and
/// `object` is filled in by `finish`.
Result<std::unique_ptr<store::ByteSink>> create_sealed(store::ObjectStore& store, std::string key,
                                                       const store::SealingKey& sealing_key,
                                                       std::shared_ptr<SealedObject> object);

/// Opens a quarantine file that the ledger names. It is held in memory. Fails with `corrupt` if its
/// bytes are others, or do not open with this key.
Result<columnar::ParquetReader> open_quarantine(const store::ObjectStore& store,
                                                const store::SealingKey& sealing_key,
                                                const ledger::DataFile& file, ledger::Epoch epoch);

}  // namespace weir::refine
