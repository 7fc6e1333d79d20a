#include "warehouse/processing_columns.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

namespace weir::warehouse {

std::int64_t ProcessingColumns::rows() const {
    return rows_.num_rows();
}

const catalog::Column* ProcessingColumns::find(std::uint32_t id) const {
    const auto found = std::ranges::find(contract_.columns, id, &catalog::Column::id);
    return found == contract_.columns.end() ? nullptr : &*found;
}

Result<std::shared_ptr<arrow::Array>> ProcessingColumns::nulls(const HistoryColumn& column) const {
    auto made = arrow::MakeArrayOfNull(column.type, rows_.num_rows());
    if (!made.ok()) {
        return fail(ErrorKind::unavailable, "cannot make a column of nulls: {}",
                    made.status().message());
    }
    return *std::move(made);
}

Result<std::shared_ptr<arrow::Array>> ProcessingColumns::own(const std::string& name) const {
    auto array = rows_.GetColumnByName(name);
    if (array == nullptr) {
        return fail(ErrorKind::corrupt,
                    "a processing file has no such column, or has it twice, column={}", name);
    }
    return array;
}

Result<std::shared_ptr<arrow::Array>> ProcessingColumns::after(const HistoryColumn& column) const {
    const catalog::Column* source = find(column.id);
    return source == nullptr ? nulls(column) : own(source->name);
}

Result<std::shared_ptr<arrow::Array>> ProcessingColumns::before(const HistoryColumn& column) const {
    const catalog::Column* source = find(column.id);
    if (source == nullptr) {
        return nulls(column);
    }
    TRY_LET(const auto array, own("_before"));
    if (array->type_id() != arrow::Type::STRUCT) {
        return fail(ErrorKind::corrupt, "the column _before is no struct");
    }
    const auto& image = static_cast<const arrow::StructArray&>(*array);
    const int index = image.struct_type()->GetFieldIndex(source->name);
    if (index < 0) {
        return fail(ErrorKind::corrupt, "the before image lacks a column, column={}", source->name);
    }
    // The struct's own nulls become the field's.
    auto field = image.GetFlattenedField(index);
    if (!field.ok()) {
        return fail(ErrorKind::unavailable, "cannot read the before image: {}",
                    field.status().message());
    }
    return *std::move(field);
}

}  // namespace weir::warehouse
