#include "warehouse/stored_processing_files.h"

#include <arrow/record_batch.h>

#include <utility>

#include "columnar/parquet_reader.h"

namespace weir::warehouse {
namespace {

/// One batch a row group.
class ParquetRows final : public ProcessingRows {
public:
    ParquetRows(columnar::ParquetReader reader, std::string key)
        : reader_(std::move(reader)), key_(std::move(key)) {}

    Result<std::shared_ptr<arrow::RecordBatch>> next() override {
        return reader_.next().with(key_);
    }

private:
    columnar::ParquetReader reader_;
    std::string key_;
};

}  // namespace

Result<std::unique_ptr<ProcessingRows>> StoredProcessingFiles::open(const RefinedFile& file) {
    TRY_LET(auto reader,
            columnar::ParquetReader::open(
                store_, {.key = file.key, .bytes = file.file.bytes, .sha256 = file.file.sha256},
                keys_, ledger::bound_name(file.file.path)));
    return std::make_unique<ParquetRows>(std::move(reader), file.key);
}

}  // namespace weir::warehouse
