#include "columnar/parted_writer.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

namespace weir::columnar {

PartedWriter::PartedWriter(std::shared_ptr<arrow::Schema> schema, OpenPart open_part,
                           std::uint32_t first_part, PartSize size, FileOptions options)
    : schema_(std::move(schema)),
      open_part_(std::move(open_part)),
      next_part_(first_part),
      size_(size),
      options_(std::move(options)),
      cutter_(size.row_group) {}

Status PartedWriter::write(const std::shared_ptr<arrow::RecordBatch>& rows) {
    if (!rows->schema()->Equals(*schema_)) {
        return fail(ErrorKind::invalid, "cannot write Parquet: the rows have another schema");
    }
    for (const RowGroup& group : cutter_.add(rows)) {
        TRY(write_group(group));
    }
    return {};
}

Result<std::vector<WrittenPart>> PartedWriter::finish() && {
    if (const RowGroup rest = cutter_.take_rest(); !rest.empty()) {
        TRY(write_group(rest));
    }
    TRY(finish_part());
    return std::move(finished_);
}

Status PartedWriter::write_group(const RowGroup& group) {
    if (!writer_) {
        TRY_LET(auto sink, open_part_(next_part_));
        std::shared_ptr<parquet::FileEncryptionProperties> keys;
        if (options_.keys != nullptr) {
            TRY_LET(keys, options_.keys->encrypt(*schema_, options_.name(next_part_)));
        }
        TRY_LET(writer_,
                ParquetWriter::open(schema_, std::move(sink), options_.integers, std::move(keys)));
        ++next_part_;
    }
    TRY(writer_->write(group));
    return writer_->row_groups() >= size_.row_groups ? finish_part() : Status{};
}

Status PartedWriter::finish_part() {
    if (writer_) {
        ParquetWriter writer = *std::move(writer_);
        writer_.reset();
        TRY_LET(const WrittenFile file, std::move(writer).finish());
        finished_.push_back({.part = next_part_ - 1, .file = file});
    }
    return {};
}

}  // namespace weir::columnar
