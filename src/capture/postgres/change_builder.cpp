#include "capture/postgres/change_builder.h"

#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <fmt/format.h>

#include <algorithm>

namespace weir::capture::postgres {
namespace {

using change::LandedColumn;

Status checked(const arrow::Status& status) {
    if (!status.ok()) {
        return fail(ErrorKind::internal, "cannot build landed rows: {}", status.ToString());
    }
    return {};
}

template <typename Builder>
Builder& field(arrow::RecordBatchBuilder& builder, LandedColumn column) {
    return *builder.GetFieldAs<Builder>(static_cast<int>(column));
}

std::string_view letter(const char& value) {
    return {&value, 1};
}

}  // namespace

bool CapturedTable::reads_binary() const {
    return std::ranges::all_of(codecs, &ValueCodec::reads_binary);
}

CapturedTable with_version(CapturedTable table, catalog::SchemaVersion version) {
    if (table.contract->version != version) {
        auto contract = std::make_shared<catalog::TableContract>(*table.contract);
        contract->version = version;
        table.contract = std::move(contract);
    }
    return table;
}

ChangeBuilder::ChangeBuilder(std::shared_ptr<const CapturedTable> table)
    : table_(std::move(table)), schema_(change::landed_schema(*table_->contract)) {}

Result<std::unique_ptr<ChangeBuilder>> ChangeBuilder::create(
    std::shared_ptr<const CapturedTable> table) {
    std::unique_ptr<ChangeBuilder> created(new ChangeBuilder(std::move(table)));
    auto builder =
        arrow::RecordBatchBuilder::Make(created->schema_, arrow::default_memory_pool(), batch_rows);
    TRY(checked(builder.status()));
    created->builder_ = *std::move(builder);
    return created;
}

Status ChangeBuilder::append_place(const ChangePlace& place, change::Operation operation) {
    const char op = static_cast<char>(operation);
    const auto micros = place.commit_time.time_since_epoch().count();
    auto& builder = *builder_;
    TRY(checked(field<arrow::StringBuilder>(builder, LandedColumn::op).Append(letter(op))));
    TRY(checked(field<arrow::Int64Builder>(builder, LandedColumn::commit_position)
                    .Append(static_cast<std::int64_t>(place.commit_position.offset()))));
    TRY(checked(field<arrow::Int64Builder>(builder, LandedColumn::ordinal).Append(place.ordinal)));
    TRY(checked(field<arrow::Int64Builder>(builder, LandedColumn::transaction_id)
                    .Append(static_cast<std::int64_t>(place.transaction.value))));
    TRY(checked(field<arrow::TimestampBuilder>(builder, LandedColumn::commit_time).Append(micros)));
    return checked(field<arrow::Int32Builder>(builder, LandedColumn::schema_version)
                       .Append(static_cast<std::int32_t>(table_->contract->version.number)));
}

Status ChangeBuilder::append_unchanged(const std::string& column) {
    auto& list = field<arrow::ListBuilder>(*builder_, LandedColumn::unchanged);
    if (!has_unchanged_) {
        TRY(checked(list.Append()));
        has_unchanged_ = true;
    }
    return checked(static_cast<arrow::StringBuilder*>(list.value_builder())->Append(column));
}

Status ChangeBuilder::append_untyped(char image_letter, std::size_t column,
                                     const TupleValue& value) {
    auto& list = field<arrow::ListBuilder>(*builder_, LandedColumn::untyped);
    if (!has_untyped_) {
        TRY(checked(list.Append()));
        has_untyped_ = true;
    }
    const auto form =
        value.state == TupleValue::State::binary ? ValueForm::binary : ValueForm::text;
    auto& entry = static_cast<arrow::StructBuilder&>(*list.value_builder());
    const auto put = [&](int index, std::string_view text) {
        return checked(
            static_cast<arrow::StringBuilder*>(entry.field_builder(index))->Append(text));
    };
    TRY(checked(entry.Append()));
    TRY(put(0, letter(image_letter)));
    TRY(put(1, table_->contract->columns[column].name));
    return put(2, table_->codecs[column].text_of(value.bytes, form));
}

Status ChangeBuilder::append_value(arrow::StructBuilder& image, std::size_t column,
                                   const TupleValue& value, char image_letter) {
    arrow::ArrayBuilder& builder = *image.field_builder(static_cast<int>(column));
    switch (value.state) {
        case TupleValue::State::null: return checked(builder.AppendNull());
        case TupleValue::State::unchanged:
            TRY(checked(builder.AppendNull()));
            return image_letter == 'a' ? append_unchanged(table_->contract->columns[column].name)
                                       : Status();
        case TupleValue::State::text:
        case TupleValue::State::binary: break;
    }
    const auto form =
        value.state == TupleValue::State::binary ? ValueForm::binary : ValueForm::text;
    auto fit = table_->codecs[column].append(value.bytes, form, builder);
    if (!fit) {
        return std::unexpected(
            std::move(fit).error().with("column " + table_->contract->columns[column].name));
    }
    if (*fit == Fit::outside) {
        TRY(checked(builder.AppendNull()));
        return append_untyped(image_letter, column, value);
    }
    return {};
}

Status ChangeBuilder::append_image(arrow::StructBuilder& image, const Tuple& row,
                                   const Tuple* old_row, char image_letter) {
    if (row.size() != table_->codecs.size()) {
        return fail(ErrorKind::corrupt, "a row has another number of columns, has={}, expected={}",
                    row.size(), table_->codecs.size());
    }
    TRY(checked(image.Append()));
    for (std::size_t column = 0; column < row.size(); ++column) {
        // A full old row carries what the new row leaves out as unchanged, which is never null. Of
        // a partition that keeps to its key, a row is called full if its root's are.
        const bool take_old = row[column].state == TupleValue::State::unchanged &&
                              old_row != nullptr && column < old_row->size() &&
                              (*old_row)[column].state != TupleValue::State::null;
        const TupleValue& value = take_old ? (*old_row)[column] : row[column];
        bytes_ += value.bytes.size();
        TRY(append_value(image, column, value, image_letter));
    }
    return {};
}

Status ChangeBuilder::end_row() {
    if (!has_unchanged_) {
        TRY(checked(field<arrow::ListBuilder>(*builder_, LandedColumn::unchanged).AppendNull()));
    }
    if (!has_untyped_) {
        TRY(checked(field<arrow::ListBuilder>(*builder_, LandedColumn::untyped).AppendNull()));
    }
    has_unchanged_ = false;
    has_untyped_ = false;
    ++rows_;
    return {};
}

Status ChangeBuilder::append_insert(const ChangePlace& place, const Tuple& row,
                                    change::Operation operation) {
    TRY(append_place(place, operation));
    TRY(checked(field<arrow::StructBuilder>(*builder_, LandedColumn::before_image).AppendNull()));
    TRY(append_image(field<arrow::StructBuilder>(*builder_, LandedColumn::after_image), row,
                     nullptr, 'a'));
    return end_row();
}

Status ChangeBuilder::append_update(const ChangePlace& place, char old_kind, const Tuple& old_row,
                                    const Tuple& row) {
    TRY(append_place(place, change::Operation::update));
    auto& before = field<arrow::StructBuilder>(*builder_, LandedColumn::before_image);
    if (old_kind == 0) {
        TRY(checked(before.AppendNull()));
    } else {
        TRY(append_image(before, old_row, nullptr, 'b'));
    }
    TRY(append_image(field<arrow::StructBuilder>(*builder_, LandedColumn::after_image), row,
                     old_kind == 'O' ? &old_row : nullptr, 'a'));
    return end_row();
}

Status ChangeBuilder::append_delete(const ChangePlace& place, const Tuple& old_row) {
    TRY(append_place(place, change::Operation::remove));
    TRY(append_image(field<arrow::StructBuilder>(*builder_, LandedColumn::before_image), old_row,
                     nullptr, 'b'));
    TRY(checked(field<arrow::StructBuilder>(*builder_, LandedColumn::after_image).AppendNull()));
    return end_row();
}

Status ChangeBuilder::append_truncate(const ChangePlace& place) {
    TRY(append_place(place, change::Operation::truncate));
    TRY(checked(field<arrow::StructBuilder>(*builder_, LandedColumn::before_image).AppendNull()));
    TRY(checked(field<arrow::StructBuilder>(*builder_, LandedColumn::after_image).AppendNull()));
    return end_row();
}

Status ChangeBuilder::flush(change::ChangeSink& sink) {
    if (rows_ == 0) {
        return {};
    }
    auto rows = builder_->Flush(/*reset_builders=*/true);
    TRY(checked(rows.status()));
    rows_ = 0;
    bytes_ = 0;
    return sink.write({.contract = table_->contract, .rows = *std::move(rows)});
}

}  // namespace weir::capture::postgres
