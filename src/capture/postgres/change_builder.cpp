#include "capture/postgres/change_builder.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <concepts>
#include <utility>

#include "base/assert.h"
#include "capture/postgres/byte_cursor.h"

namespace weir::capture::postgres {
namespace {

using change::LandedColumn;

Status checked(const arrow::Status& status) {
    if (!status.ok()) {
        return fail(ErrorKind::internal, "cannot build landed rows: {}", status.ToString());
    }
    return {};
}

constexpr std::size_t index_of(LandedColumn column) {
    return static_cast<std::size_t>(column);
}

ValueForm form_of(const TupleValue& value) {
    return value.state == TupleValue::State::binary ? ValueForm::binary : ValueForm::text;
}

/// A row of COPY's binary form, read value by value.
class CopiedRow {
public:
    explicit CopiedRow(std::span<const std::byte> bytes)
        : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    /// Returns how many columns follow: -1 at the copy's end, 0 if there is nothing.
    int take_columns() { return has(sizeof(std::int16_t)) ? take<std::int16_t>() : 0; }
    /// Returns the next value; null if the bytes end before it does.
    TupleValue take_value(bool binary) {
        whole_ = whole_ && has(sizeof(std::int32_t));
        const std::int32_t size = whole_ ? take<std::int32_t>() : -1;
        if (size < 0) {
            return {};
        }
        const auto bytes = static_cast<std::size_t>(size);
        whole_ = has(bytes);
        if (!whole_) {
            return {};
        }
        const std::byte* const begin = std::exchange(at_, at_ + bytes);
        return {binary ? TupleValue::State::binary : TupleValue::State::text, {begin, bytes}};
    }

    bool is_whole() const { return whole_; }
    std::span<const std::byte> rest() const { return {at_, end_}; }

private:
    bool has(std::size_t bytes) const { return static_cast<std::size_t>(end_ - at_) >= bytes; }
    template <std::integral Number>
    Number take() {
        return load_big_endian<Number>(std::exchange(at_, at_ + sizeof(Number)));
    }

    const std::byte* at_;
    const std::byte* end_;
    bool whole_ = true;
};

Status check_columns(std::size_t has, std::size_t expected) {
    if (has != expected) {
        return fail(ErrorKind::corrupt, "a row has another number of columns, has={}, expected={}",
                    has, expected);
    }
    return {};
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

Result<SparseColumn> SparseColumn::create(const std::shared_ptr<arrow::DataType>& type) {
    auto builder = arrow::MakeBuilder(type);
    TRY(checked(builder.status()));
    return SparseColumn(*std::move(builder));
}

Result<arrow::ArrayBuilder*> SparseColumn::at_row() {
    if (nones_ > 0) {
        TRY(checked(builder_->AppendNulls(std::exchange(nones_, 0))));
    }
    return builder_.get();
}

Result<std::shared_ptr<arrow::Array>> SparseColumn::finish(std::int64_t rows) {
    if (builder_->length() > 0) {
        TRY(at_row());
        auto array = builder_->Finish();
        TRY(checked(array.status()));
        return *std::move(array);
    }
    nones_ = 0;
    if (only_nones_ == nullptr || only_nones_->length() < rows) {
        auto array = arrow::MakeArrayOfNull(builder_->type(), rows);
        TRY(checked(array.status()));
        only_nones_ = *std::move(array);
    }
    return only_nones_->Slice(0, rows);
}

ChangeBuilder::ChangeBuilder(std::shared_ptr<const CapturedTable> table,
                             std::shared_ptr<arrow::Schema> schema,
                             std::vector<SparseColumn> sparse, std::int64_t batch_rows)
    : table_(std::move(table)),
      schema_(std::move(schema)),
      batch_rows_(batch_rows),
      sparse_(std::move(sparse)) {}

Result<std::unique_ptr<ChangeBuilder>> ChangeBuilder::create(
    std::shared_ptr<const CapturedTable> table, std::int64_t batch_rows) {
    auto schema = change::landed_schema(*table->contract);
    std::vector<SparseColumn> sparse;
    for (auto index = static_cast<int>(first_sparse); index < schema->num_fields(); ++index) {
        TRY_LET(SparseColumn column, SparseColumn::create(schema->field(index)->type()));
        sparse.push_back(std::move(column));
    }
    std::unique_ptr<ChangeBuilder> created(
        new ChangeBuilder(std::move(table), std::move(schema), std::move(sparse), batch_rows));
    return created;
}

auto ChangeBuilder::Place::columns() -> std::array<arrow::ArrayBuilder*, first_sparse> {
    return {&op, &commit_position, &ordinal, &transaction_id, &commit_time, &schema_version};
}

/// Makes room for the places of a batch's rows.
Status ChangeBuilder::reserve() {
    for (arrow::ArrayBuilder* builder : place_.columns()) {
        TRY(checked(builder->Reserve(batch_rows_)));
    }
    return checked(place_.op.ReserveData(batch_rows_));
}

Status ChangeBuilder::append_place(const ChangePlace& place, change::Operation operation) {
    WEIR_ASSERT(rows_ < batch_rows_);
    if (rows_ == 0) {
        TRY(reserve());
    }
    const char op = static_cast<char>(operation);
    place_.op.UnsafeAppend(letter(op));
    place_.commit_position.UnsafeAppend(static_cast<std::int64_t>(place.commit_position.offset()));
    place_.ordinal.UnsafeAppend(place.ordinal);
    place_.transaction_id.UnsafeAppend(static_cast<std::int64_t>(place.transaction.value));
    place_.commit_time.UnsafeAppend(place.commit_time.time_since_epoch().count());
    place_.schema_version.UnsafeAppend(static_cast<std::int32_t>(table_->contract->version.number));
    return {};
}

SparseColumn& ChangeBuilder::sparse(LandedColumn column) {
    return sparse_[index_of(column) - first_sparse];
}

SparseColumn& ChangeBuilder::sparse(Image image) {
    return sparse(image == Image::before ? LandedColumn::before_image : LandedColumn::after_image);
}

Status ChangeBuilder::append_unchanged(const std::string& column) {
    TRY_LET(arrow::ArrayBuilder* const builder, sparse(LandedColumn::unchanged).at_row());
    auto& list = static_cast<arrow::ListBuilder&>(*builder);
    if (!has_unchanged_) {
        TRY(checked(list.Append()));
        has_unchanged_ = true;
    }
    return checked(static_cast<arrow::StringBuilder*>(list.value_builder())->Append(column));
}

Status ChangeBuilder::append_untyped(Image image, std::size_t column, const TupleValue& value) {
    TRY_LET(arrow::ArrayBuilder* const builder, sparse(LandedColumn::untyped).at_row());
    auto& list = static_cast<arrow::ListBuilder&>(*builder);
    if (!has_untyped_) {
        TRY(checked(list.Append()));
        has_untyped_ = true;
    }
    auto& entry = static_cast<arrow::StructBuilder&>(*list.value_builder());
    const auto put = [&](int index, std::string_view text) {
        return checked(
            static_cast<arrow::StringBuilder*>(entry.field_builder(index))->Append(text));
    };
    const char image_letter = static_cast<char>(image);
    TRY(checked(entry.Append()));
    TRY(put(0, letter(image_letter)));
    TRY(put(1, table_->contract->columns[column].name));
    return put(2, table_->codecs[column].text_of(value.bytes, form_of(value)));
}

Status ChangeBuilder::append_value(arrow::ArrayBuilder& builder, Image image, std::size_t column,
                                   const TupleValue& value) {
    if (value.state == TupleValue::State::null) {
        return checked(builder.AppendNull());
    }
    if (value.state == TupleValue::State::unchanged) {
        TRY(checked(builder.AppendNull()));
        return image == Image::after ? append_unchanged(table_->contract->columns[column].name)
                                     : Status();
    }
    switch (table_->codecs[column].append(value.bytes, form_of(value), builder)) {
        case Fit::stored: return {};
        case Fit::outside:
            TRY(checked(builder.AppendNull()));
            return append_untyped(image, column, value);
        case Fit::malformed:
            return fail(ErrorKind::corrupt, "column {}: a value is none of its type",
                        table_->contract->columns[column].name);
        case Fit::no_memory: break;
    }
    return fail(ErrorKind::internal, "cannot build landed rows: out of memory");
}

template <typename ValueOf>
Status ChangeBuilder::append_values(Image image, ValueOf&& value_of) {
    TRY_LET(arrow::ArrayBuilder* const builder, sparse(image).at_row());
    auto& columns = static_cast<arrow::StructBuilder&>(*builder);
    if (columns.length() == 0) {
        // As many as last time; a table with few rows takes little room.
        for (int column = 0; column < columns.num_fields(); ++column) {
            TRY(checked(columns.field_builder(column)->Reserve(last_rows_)));
        }
    }
    TRY(checked(columns.Append()));
    for (std::size_t column = 0; column < table_->codecs.size(); ++column) {
        const TupleValue value = value_of(column);
        bytes_ += value.bytes.size();
        TRY(append_value(*columns.field_builder(static_cast<int>(column)), image, column, value));
    }
    return {};
}

Status ChangeBuilder::append_image(Image image, const Tuple& row, const Tuple* old_row) {
    TRY(check_columns(row.size(), table_->codecs.size()));
    return append_values(image, [&](std::size_t column) {
        // A full old row carries what the new row leaves out as unchanged, which is never null. Of
        // a partition that keeps to its key, a row is called full if its root's are.
        const bool take_old = row[column].state == TupleValue::State::unchanged &&
                              old_row != nullptr && column < old_row->size() &&
                              (*old_row)[column].state != TupleValue::State::null;
        return take_old ? (*old_row)[column] : row[column];
    });
}

void ChangeBuilder::end_row() {
    if (!std::exchange(has_unchanged_, false)) {
        sparse(LandedColumn::unchanged).append_none();
    }
    if (!std::exchange(has_untyped_, false)) {
        sparse(LandedColumn::untyped).append_none();
    }
    ++rows_;
}

Status ChangeBuilder::append_insert(const ChangePlace& place, const Tuple& row,
                                    change::Operation operation) {
    TRY(append_place(place, operation));
    sparse(Image::before).append_none();
    TRY(append_image(Image::after, row, nullptr));
    end_row();
    return {};
}

Result<bool> ChangeBuilder::append_copied(const ChangePlace& place,
                                          std::span<const std::byte>& rest) {
    CopiedRow row(rest);
    const int columns = row.take_columns();
    if (columns < 0) {
        return false;
    }
    TRY(check_columns(static_cast<std::size_t>(columns), table_->codecs.size()));
    TRY(append_place(place, change::Operation::snapshot));
    sparse(Image::before).append_none();
    TRY(append_values(Image::after, [&](std::size_t column) {
        return row.take_value(table_->codecs[column].reads_binary());
    }));
    if (!row.is_whole()) {
        return fail(ErrorKind::corrupt, "a row of the copy ends too early");
    }
    rest = row.rest();
    end_row();
    return true;
}

Status ChangeBuilder::append_update(const ChangePlace& place, char old_kind, const Tuple& old_row,
                                    const Tuple& row) {
    TRY(append_place(place, change::Operation::update));
    if (old_kind == 0) {
        sparse(Image::before).append_none();
    } else {
        TRY(append_image(Image::before, old_row, nullptr));
    }
    TRY(append_image(Image::after, row, old_kind == 'O' ? &old_row : nullptr));
    end_row();
    return {};
}

Status ChangeBuilder::append_delete(const ChangePlace& place, const Tuple& old_row) {
    TRY(append_place(place, change::Operation::remove));
    TRY(append_image(Image::before, old_row, nullptr));
    sparse(Image::after).append_none();
    end_row();
    return {};
}

Status ChangeBuilder::append_truncate(const ChangePlace& place) {
    TRY(append_place(place, change::Operation::truncate));
    sparse(Image::before).append_none();
    sparse(Image::after).append_none();
    end_row();
    return {};
}

Status ChangeBuilder::flush(change::ChangeSink& sink) {
    if (rows_ == 0) {
        return {};
    }
    arrow::ArrayVector columns;
    for (arrow::ArrayBuilder* builder : place_.columns()) {
        auto array = builder->Finish();
        TRY(checked(array.status()));
        columns.push_back(*std::move(array));
    }
    for (SparseColumn& column : sparse_) {
        TRY_LET(columns.emplace_back(), column.finish(rows_));
    }
    auto rows = arrow::RecordBatch::Make(schema_, rows_, std::move(columns));
    last_rows_ = std::exchange(rows_, 0);
    bytes_ = 0;
    return sink.write({.contract = table_->contract, .rows = std::move(rows)});
}

}  // namespace weir::capture::postgres
