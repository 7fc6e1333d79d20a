#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "change/change_batch.h"
#include "columnar/parted_writer.h"

namespace weir::landing {

/// A file of landed rows, and the shape that they have.
struct LandedPart {
    catalog::SchemaVersion version{};
    columnar::WrittenPart written;
};

/// Writes the changes of one table in one cut or chunk into files. A file has one shape, so a new
/// schema version begins a new part. One thread at a time.
class TableFiles {
public:
    /// Null keys: the files are in the open. They outlive it; `name` is what a part is bound to.
    TableFiles(columnar::OpenPart open_part, const columnar::ParquetKeys* keys,
               std::function<std::string(std::uint32_t part)> name, columnar::PartSize size = {})
        : open_part_(std::move(open_part)),
          options_{
              .integers = columnar::IntegerEncoding::deltas, .keys = keys, .name = std::move(name)},
          size_(size) {}

    /// Fails with `internal` if the rows have not the contract's landed schema or are of an older
    /// version than rows before.
    Status write(const change::ChangeBatch& batch);
    /// Returns the files in order of their rows; none if there were no rows.
    Result<std::vector<LandedPart>> finish() &&;

private:
    Status begin_version(const catalog::TableContract& contract);
    Status finish_version();

    columnar::OpenPart open_part_;
    columnar::FileOptions options_;
    columnar::PartSize size_;
    catalog::SchemaVersion version_{};  // Of `writer_`.
    std::unique_ptr<columnar::PartedWriter> writer_;
    std::vector<LandedPart> parts_;
};

}  // namespace weir::landing
