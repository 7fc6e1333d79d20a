#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/sha256.h"
#include "columnar/row_group_cutter.h"
#include "store/object_store.h"

namespace arrow {
class Schema;
}
namespace parquet {
class FileEncryptionProperties;
namespace arrow {
class FileWriter;
}
}  // namespace parquet

namespace weir::columnar {

class HashingStream;

struct WrittenFile {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    Digest sha256{};

    friend bool operator==(const WrittenFile&, const WrittenFile&) = default;
};

/// How columns of integers are written, and of dates, times and decimals that are kept as such.
enum class IntegerEncoding {
    plain,   // What every reader of Parquet knows.
    deltas,  // DELTA_BINARY_PACKED: smaller and faster; Spark reads it from 3.3 on.
};

/// Writes one Parquet file (docs/formats/landed_file.md, "Parquet"), row group by row group, while
/// holding one row group's largest column. The bytes are a function of schema, encoding and row
/// groups alone: no time, host, thread or batch size reaches them; under `keys` they are never the
/// same twice. One thread at a time; dropped
/// without `finish` it leaves no object.
class ParquetWriter {
public:
    static Result<ParquetWriter> open(std::shared_ptr<arrow::Schema> schema,
                                      std::unique_ptr<store::ByteSink> sink,
                                      IntegerEncoding integers = IntegerEncoding::plain,
                                      std::shared_ptr<parquet::FileEncryptionProperties> keys = {});
    ParquetWriter(ParquetWriter&&) noexcept;
    ParquetWriter& operator=(ParquetWriter&&) noexcept;
    ~ParquetWriter();

    /// Fails with `invalid` if a piece has another schema, and with what the sink fails with.
    Status write(const RowGroup& group);
    std::uint32_t row_groups() const { return row_groups_; }

    /// Writes the footer and makes the object durable.
    Result<WrittenFile> finish() &&;

private:
    ParquetWriter(std::shared_ptr<arrow::Schema> schema, std::shared_ptr<HashingStream> stream,
                  std::unique_ptr<parquet::arrow::FileWriter> writer);

    std::shared_ptr<arrow::Schema> schema_;
    std::shared_ptr<HashingStream> stream_;
    std::unique_ptr<parquet::arrow::FileWriter> writer_;
    std::uint32_t row_groups_ = 0;
    std::uint64_t rows_ = 0;
};

}  // namespace weir::columnar
