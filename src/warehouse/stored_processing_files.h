#pragma once

#include <memory>

#include "store/object_store.h"
#include "warehouse/processing_rows.h"

namespace weir::warehouse {

/// Processing files in an object store. The hash of each is checked before its first row is used;
/// memory is bounded by a row group. The store outlives it and what it opens.
class StoredProcessingFiles final : public ProcessingFiles {
public:
    explicit StoredProcessingFiles(const store::ObjectStore& store) : store_(store) {}

    Result<std::unique_ptr<ProcessingRows>> open(const RefinedFile& file) override;

private:
    const store::ObjectStore& store_;
};

}  // namespace weir::warehouse
