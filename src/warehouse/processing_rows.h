#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ledger/entry.h"

namespace arrow {
class RecordBatch;
}

namespace weir::warehouse {

/// A file that a `cut refined` entry names, and its key in the store: `ledger::stored_key` of its
/// path and the epoch of the entry's run.
struct RefinedFile {
    ledger::DataFile file;
    std::string key;
};

/// The rows of one processing file, in the file's order. One thread at a time.
class ProcessingRows {
public:
    ProcessingRows() = default;
    ProcessingRows(const ProcessingRows&) = delete;
    ProcessingRows& operator=(const ProcessingRows&) = delete;
    virtual ~ProcessingRows() = default;

    /// Returns the next rows as docs/formats/processing_file.md describes them, or null after the
    /// last.
    virtual Result<std::shared_ptr<arrow::RecordBatch>> next() = 0;
};

/// Opens processing files by the name that the ledger gives them.
class ProcessingFiles {
public:
    ProcessingFiles() = default;
    ProcessingFiles(const ProcessingFiles&) = delete;
    ProcessingFiles& operator=(const ProcessingFiles&) = delete;
    virtual ~ProcessingFiles() = default;

    /// Fails with `corrupt` if the file is missing or its bytes are not those that the ledger
    /// names.
    virtual Result<std::unique_ptr<ProcessingRows>> open(const RefinedFile& file) = 0;
};

}  // namespace weir::warehouse
