#include "warehouse/stored_processing_files.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <utility>
#include <vector>

#include "base/sha256.h"

namespace weir::warehouse {
namespace {

std::unexpected<Error> no_parquet(const std::string& reason) {
    return fail(ErrorKind::corrupt, "cannot read Parquet: {}", reason);
}

/// One batch a row group.
class ParquetRows final : public ProcessingRows {
public:
    ParquetRows(std::vector<std::byte> bytes, std::string key)
        : bytes_(std::move(bytes)), key_(std::move(key)) {}

    Status open() {
        try {
            return open_reader().with(key_);
        } catch (const std::exception& error) {
            return Status(no_parquet(error.what())).with(key_);
        }
    }

    Result<std::shared_ptr<arrow::RecordBatch>> next() override {
        try {
            return read_group().with(key_);
        } catch (const std::exception& error) {
            return Result<std::shared_ptr<arrow::RecordBatch>>(no_parquet(error.what())).with(key_);
        }
    }

private:
    Status open_reader() {
        const auto buffer = std::make_shared<arrow::Buffer>(
            static_cast<const std::uint8_t*>(static_cast<const void*>(bytes_.data())),
            static_cast<std::int64_t>(bytes_.size()));
        parquet::arrow::FileReaderBuilder builder;
        if (const auto status = builder.Open(std::make_shared<arrow::io::BufferReader>(buffer));
            !status.ok()) {
            return no_parquet(status.message());
        }
        auto made = builder.Build();
        if (!made.ok()) {
            return no_parquet(made.status().message());
        }
        reader_ = *std::move(made);
        return {};
    }

    Result<std::shared_ptr<arrow::RecordBatch>> read_group() {
        if (group_ == reader_->num_row_groups()) {
            return nullptr;
        }
        auto table = reader_->ReadRowGroup(group_++);
        if (!table.ok()) {
            return no_parquet(table.status().message());
        }
        auto batch = (*table)->CombineChunksToBatch();
        if (!batch.ok()) {
            return no_parquet(batch.status().message());
        }
        return *std::move(batch);
    }

    std::vector<std::byte> bytes_;  // The reader sees these until it is gone.
    std::string key_;
    std::unique_ptr<parquet::arrow::FileReader> reader_;
    int group_ = 0;
};

}  // namespace

Result<std::unique_ptr<ProcessingRows>> StoredProcessingFiles::open(const RefinedFile& file) {
    TRY_LET(auto object, store_.read(file.key).with("cannot read processing file " + file.key));
    if (object.bytes.size() != file.file.bytes || sha256(object.bytes) != file.file.sha256) {
        return fail(ErrorKind::corrupt,
                    "processing file {} is not the one in the ledger: restore it, or refine its "
                    "cut again, bytes={}, expected={}",
                    file.key, object.bytes.size(), file.file.bytes);
    }
    auto rows = std::make_unique<ParquetRows>(std::move(object.bytes), file.key);
    TRY(rows->open());
    return rows;
}

}  // namespace weir::warehouse
