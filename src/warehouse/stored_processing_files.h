#pragma once

#include <memory>

#include "columnar/parquet_keys.h"
#include "store/object_store.h"
#include "warehouse/processing_rows.h"

namespace weir::warehouse {

/// Processing files in an object store. The hash of each is checked before its first row is used;
/// memory is bounded by a row group. The store outlives it and what it opens.
class StoredProcessingFiles final : public ProcessingFiles {
public:
    /// Null keys: the files are in the open. They outlive it and what it opens.
    explicit StoredProcessingFiles(const store::ObjectStore& store,
                                   const columnar::ParquetKeys* keys = nullptr)
        : store_(store), keys_(keys) {}

    Result<std::unique_ptr<ProcessingRows>> open(const RefinedFile& file) override;

private:
    const store::ObjectStore& store_;
    const columnar::ParquetKeys* keys_;
};

}  // namespace weir::warehouse
