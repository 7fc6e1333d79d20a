#pragma once

#include <memory>

#include "store/object_store.h"
#include "warehouse/processing_rows.h"

namespace weir::warehouse {

/// Processing files in an object store. Each is read whole, so that its hash is checked before its
/// first row is used. The store outlives it.
class StoredProcessingFiles final : public ProcessingFiles {
public:
    explicit StoredProcessingFiles(const store::ObjectStore& store) : store_(store) {}

    Result<std::unique_ptr<ProcessingRows>> open(const RefinedFile& file) override;

private:
    const store::ObjectStore& store_;
};

}  // namespace weir::warehouse
