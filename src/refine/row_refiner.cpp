#include "refine/row_refiner.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <chrono>
#include <iterator>
#include <utility>

#include "change/change_batch.h"
#include "columnar/arrow_status.h"
#include "refine/processing_schema.h"

namespace weir::refine {
namespace {

using change::LandedColumn;

std::shared_ptr<arrow::Array> column_of(const arrow::RecordBatch& rows, LandedColumn column) {
    return rows.column(static_cast<int>(column));
}

/// Values that landing could not type are in a list beside the images.
void judge_untyped(const arrow::RecordBatch& landed, Verdicts& verdicts) {
    const auto array = column_of(landed, LandedColumn::untyped);
    const auto& lists = static_cast<const arrow::ListArray&>(*array);
    if (lists.null_count() == lists.length()) {
        return;
    }
    const auto& items = static_cast<const arrow::StructArray&>(*lists.values());
    const auto names = items.field(1);
    for (std::int64_t row = 0; row < lists.length(); ++row) {
        if (lists.IsValid(row) && lists.value_length(row) > 0) {
            const auto& columns = static_cast<const arrow::StringArray&>(*names);
            verdicts.try_emplace(row,
                                 Verdict{.reason = QuarantineReason::untyped_value,
                                         .column = columns.GetString(lists.value_offset(row))});
        }
    }
}

/// Types the columns of an image. Nulls of the image itself stay with `image`.
Result<arrow::ArrayVector> refine_image(const arrow::StructArray& image,
                                        const std::vector<ColumnRefiner>& columns,
                                        Verdicts& verdicts) {
    arrow::ArrayVector refined;
    for (int index = 0; index < image.num_fields(); ++index) {
        // A column of a null image is null.
        TRY_LET(const auto values,
                columnar::from_arrow(image.GetFlattenedField(index), ErrorKind::internal));
        TRY_LET(refined.emplace_back(),
                columns[static_cast<std::size_t>(index)].refine(values, verdicts));
    }
    return refined;
}

/// The image without an offset, so that its bitmap fits columns that begin at zero.
Result<std::shared_ptr<arrow::StructArray>> image_of(const arrow::RecordBatch& landed,
                                                     LandedColumn column) {
    auto image = column_of(landed, column);
    if (image->offset() != 0) {
        TRY_LET(image, columnar::from_arrow(arrow::Concatenate({image}), ErrorKind::internal));
    }
    return std::static_pointer_cast<arrow::StructArray>(image);
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> with_reasons(
    const std::shared_ptr<arrow::Schema>& schema, const arrow::RecordBatch& rows, std::int64_t from,
    const Verdicts& verdicts) {
    arrow::StringBuilder reasons;
    arrow::StringBuilder columns;
    for (std::int64_t row = from; row < from + rows.num_rows(); ++row) {
        const Verdict& verdict = verdicts.at(row);
        ARROW_RETURN_NOT_OK(reasons.Append(to_string(verdict.reason)));
        ARROW_RETURN_NOT_OK(columns.Append(verdict.column));
    }
    auto all = rows.columns();
    ARROW_ASSIGN_OR_RAISE(all.emplace_back(), reasons.Finish());
    ARROW_ASSIGN_OR_RAISE(all.emplace_back(), columns.Finish());
    return arrow::RecordBatch::Make(schema, rows.num_rows(), std::move(all));
}

/// Returns the end of the run of rows from `row` on that all have a verdict.
std::int64_t end_of_run(const Verdicts& verdicts, std::int64_t row) {
    while (verdicts.contains(row)) {
        ++row;
    }
    return row;
}

/// Deals the rows out to the two sides, in runs.
Result<RefinedRows> deal(const std::shared_ptr<arrow::RecordBatch>& typed,
                         const arrow::RecordBatch& landed, const Verdicts& verdicts,
                         const std::shared_ptr<arrow::Schema>& quarantine) {
    RefinedRows rows;
    std::int64_t from = 0;
    while (from < landed.num_rows()) {
        const auto next = verdicts.lower_bound(from);
        const std::int64_t good_end = next == verdicts.end() ? landed.num_rows() : next->first;
        if (good_end > from) {
            rows.refined.push_back(typed->Slice(from, good_end - from));
        }
        const std::int64_t bad_end = end_of_run(verdicts, good_end);
        if (bad_end > good_end) {
            const auto slice = landed.Slice(good_end, bad_end - good_end);
            TRY_LET(rows.quarantined.emplace_back(),
                    columnar::from_arrow(with_reasons(quarantine, *slice, good_end, verdicts),
                                         ErrorKind::internal));
        }
        from = bad_end;
    }
    return rows;
}

Result<std::shared_ptr<arrow::Array>> repeated(const arrow::Scalar& value, std::int64_t rows) {
    return columnar::from_arrow(arrow::MakeArrayFromScalar(value, rows), ErrorKind::internal);
}

}  // namespace

std::shared_ptr<arrow::Schema> quarantine_schema(const catalog::TableContract& contract) {
    auto fields = change::landed_schema(contract)->fields();
    fields.push_back(arrow::field("reason", arrow::utf8(), false));
    fields.push_back(arrow::field("column", arrow::utf8(), false));
    return arrow::schema(std::move(fields));
}

Result<RowRefiner> RowRefiner::make(const catalog::TableContract& contract,
                                    const DeclaredTypes& declared, ledger::CutNumber cut,
                                    Timestamp time) {
    RowRefiner refiner;
    TRY_LET(refiner.schema_, processing_schema(contract, declared));
    refiner.landed_schema_ = change::landed_schema(contract);
    refiner.quarantine_schema_ = quarantine_schema(contract);
    refiner.cut_ = cut;
    refiner.load_dt_ = static_cast<std::int32_t>(
        std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
    int field = static_cast<int>(ProcessingColumn::first_own);
    for (const catalog::Column& column : contract.columns) {
        refiner.columns_.emplace_back(column.name, declared.find(contract.name, column.name),
                                      refiner.schema_->field(field++)->type());
    }
    return refiner;
}

Result<RefinedRows> RowRefiner::refine(const arrow::RecordBatch& landed) const {
    if (!landed.schema()->Equals(*landed_schema_)) {
        return fail(ErrorKind::corrupt,
                    "cannot refine: the rows have not the landed schema of their contract");
    }
    Verdicts verdicts;
    judge_untyped(landed, verdicts);
    TRY_LET(const auto after, image_of(landed, LandedColumn::after_image));
    TRY_LET(const auto before, image_of(landed, LandedColumn::before_image));
    TRY_LET(auto own, refine_image(*after, columns_, verdicts));
    TRY_LET(auto old, refine_image(*before, columns_, verdicts));
    const auto before_type = schema_->field(static_cast<int>(ProcessingColumn::before))->type();
    TRY_LET(auto columns, leading_columns(landed));
    columns.push_back(std::make_shared<arrow::StructArray>(before_type, landed.num_rows(),
                                                           std::move(old), before->null_bitmap(),
                                                           before->null_count()));
    columns.insert(columns.end(), std::make_move_iterator(own.begin()),
                   std::make_move_iterator(own.end()));
    return deal(arrow::RecordBatch::Make(schema_, landed.num_rows(), std::move(columns)), landed,
                verdicts, quarantine_schema_);
}

Result<arrow::ArrayVector> RowRefiner::leading_columns(const arrow::RecordBatch& landed) const {
    arrow::ArrayVector columns{column_of(landed, LandedColumn::op)};
    TRY_LET(columns.emplace_back(),
            repeated(arrow::Int64Scalar(static_cast<std::int64_t>(cut_.value)), landed.num_rows()));
    for (const LandedColumn column :
         {LandedColumn::commit_position, LandedColumn::ordinal, LandedColumn::transaction_id,
          LandedColumn::commit_time, LandedColumn::schema_version}) {
        columns.push_back(column_of(landed, column));
    }
    TRY_LET(columns.emplace_back(), repeated(arrow::Date32Scalar(load_dt_), landed.num_rows()));
    columns.push_back(column_of(landed, LandedColumn::unchanged));
    return columns;
}

}  // namespace weir::refine
