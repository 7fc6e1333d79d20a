#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/parquet_keys.h"
#include "columnar/parquet_writer.h"
#include "columnar/row_group_cutter.h"
#include "store/object_store.h"

namespace weir::columnar {

struct PartSize {
    RowGroupSize row_group;
    std::uint32_t row_groups = 16;
};

/// Begins the file of a part; parts are numbered from 1.
using OpenPart = std::function<Result<std::unique_ptr<store::ByteSink>>(std::uint32_t part)>;

/// How the files are encoded, and under which keys.
struct FileOptions {
    IntegerEncoding integers = IntegerEncoding::plain;
    const ParquetKeys* keys = nullptr;  // Outlives the writer; null: files in the open.
    /// What a part is bound to under `keys`.
    std::function<std::string(std::uint32_t part)> name = {};
};

/// A finished file and the number of its part.
struct WrittenPart {
    std::uint32_t part = 0;
    WrittenFile file;
};

/// Writes rows of one schema into as many Parquet files as they need: row groups of a fixed size,
/// `row_groups` of them to a file, no file without rows. Any batching of the same rows gives the
/// same files. One thread at a time.
class PartedWriter {
public:
    PartedWriter(std::shared_ptr<arrow::Schema> schema, OpenPart open_part,
                 std::uint32_t first_part = 1, PartSize size = {}, FileOptions options = {});

    /// Fails with `invalid` if the rows have another schema, and as the key service does.
    Status write(const std::shared_ptr<arrow::RecordBatch>& rows);
    /// Finishes the last file and returns all of them in order.
    Result<std::vector<WrittenPart>> finish() &&;

private:
    Status write_group(const RowGroup& group);
    Status finish_part();

    std::shared_ptr<arrow::Schema> schema_;
    OpenPart open_part_;
    std::uint32_t next_part_;
    PartSize size_;
    FileOptions options_;
    RowGroupCutter cutter_;
    std::optional<ParquetWriter> writer_;  // Of part `next_part_ - 1`, while it has room.
    std::vector<WrittenPart> finished_;
};

}  // namespace weir::columnar
