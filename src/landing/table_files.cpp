#include "landing/table_files.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

namespace weir::landing {

Status TableFiles::write(const change::ChangeBatch& batch) {
    const catalog::TableContract& contract = *batch.contract;
    if (batch.rows->num_rows() == 0) {
        return {};
    }
    if (!writer_ || contract.version != version_) {
        TRY(begin_version(contract));
    }
    return writer_->write(batch.rows).with("landing " + contract.name.to_string());
}

Status TableFiles::begin_version(const catalog::TableContract& contract) {
    if (contract.version < version_) {
        return fail(ErrorKind::internal,
                    "cannot land changes: the schema version went back, table={}, from={}, to={}",
                    contract.name.to_string(), version_.number, contract.version.number);
    }
    TRY(finish_version());
    const std::uint32_t first = parts_.empty() ? 1 : parts_.back().written.part + 1;
    writer_ = std::make_unique<columnar::PartedWriter>(change::landed_schema(contract), open_part_,
                                                       first, size_, options_);
    version_ = contract.version;
    return {};
}

Status TableFiles::finish_version() {
    if (writer_) {
        const auto writer = std::exchange(writer_, nullptr);
        TRY_LET(const auto parts, std::move(*writer).finish());
        for (const columnar::WrittenPart& part : parts) {
            parts_.push_back({.version = version_, .written = part});
        }
    }
    return {};
}

Result<std::vector<LandedPart>> TableFiles::finish() && {
    TRY(finish_version());
    return std::move(parts_);
}

}  // namespace weir::landing
