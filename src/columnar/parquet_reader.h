#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "columnar/parquet_keys.h"
#include "columnar/stored_file.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow
namespace parquet::arrow {
class FileReader;
}

namespace weir::columnar {

/// Reads a Parquet file, one batch a row group, so that memory is bounded by a row group. One
/// thread at a time.
class ParquetReader {
public:
    /// Fails with `corrupt` if this is not a Parquet file.
    /// If it is another file than the keys are for, likewise; and as the key service fails.
    static Result<ParquetReader> open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                      FileDecryption decryption = {});
    /// Opens a file that the ledger names, after `open_verified`. `store` outlives the reader.
    /// Under `keys` it is the file of that name; null: it is in the open.
    static Result<ParquetReader> open(const store::ObjectStore& store, const StoredContent& content,
                                      const ParquetKeys* keys = nullptr,
                                      const std::string& name = {});
    ParquetReader(ParquetReader&&) noexcept;
    ParquetReader& operator=(ParquetReader&&) noexcept;
    ~ParquetReader();

    const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
    std::uint64_t rows() const;

    /// Returns the next row group's rows, or null after the last. Fails with `corrupt`.
    Result<std::shared_ptr<arrow::RecordBatch>> next();

private:
    ParquetReader(std::unique_ptr<parquet::arrow::FileReader> reader,
                  std::shared_ptr<arrow::Schema> schema,
                  std::shared_ptr<std::optional<Error>> refusal);

    std::unique_ptr<parquet::arrow::FileReader> reader_;
    std::shared_ptr<arrow::Schema> schema_;
    std::shared_ptr<std::optional<Error>> refusal_;  // Of a key; null if the file is in the open.
    int next_group_ = 0;
};

}  // namespace weir::columnar
