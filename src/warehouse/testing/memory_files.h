#pragma once

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "warehouse/processing_rows.h"
#include "warehouse/testing/source_change.h"

namespace weir::warehouse::testing {

inline void ok(const arrow::Status& status) {
    WEIR_ASSERT(status.ok());
}

inline void append_text(arrow::ArrayBuilder& builder, const std::string& text) {
    switch (builder.type()->id()) {
        case arrow::Type::INT32:
            return ok(static_cast<arrow::Int32Builder&>(builder).Append(std::stoi(text)));
        case arrow::Type::INT64:
            return ok(static_cast<arrow::Int64Builder&>(builder).Append(std::stoll(text)));
        case arrow::Type::DOUBLE:
            return ok(static_cast<arrow::DoubleBuilder&>(builder).Append(std::stod(text)));
        case arrow::Type::DECIMAL128: {
            const auto scale = static_cast<const arrow::Decimal128Type&>(*builder.type()).scale();
            arrow::Decimal128 value;
            std::int32_t text_precision = 0;
            std::int32_t text_scale = 0;
            ok(arrow::Decimal128::FromString(text, &value, &text_precision, &text_scale));
            return ok(static_cast<arrow::Decimal128Builder&>(builder).Append(
                value.Rescale(text_scale, scale).ValueOrDie()));
        }
        case arrow::Type::STRING:
            return ok(static_cast<arrow::StringBuilder&>(builder).Append(text));
        default: WEIR_ASSERT(false && "the tests use five types");
    }
}

inline void append_value(arrow::ArrayBuilder& builder, const Row& row, std::uint32_t id) {
    const auto found = row.find(id);
    if (found == row.end()) {
        return ok(builder.AppendNull());
    }
    append_text(builder, found->second);
}

inline std::shared_ptr<arrow::Schema> processing_schema(const catalog::TableContract& contract) {
    arrow::FieldVector image;
    for (const catalog::Column& column : contract.columns) {
        image.push_back(arrow::field(column.name, column.landed_type));
    }
    arrow::FieldVector fields{
        arrow::field("_op", arrow::utf8()),
        arrow::field("_cut", arrow::int64()),
        arrow::field("_commit_position", arrow::int64()),
        arrow::field("_ordinal", arrow::int64()),
        arrow::field("_transaction_id", arrow::int64()),
        arrow::field("_commit_time", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
        arrow::field("_schema_version", arrow::int32()),
        arrow::field("_load_dt", arrow::date32()),
        arrow::field("_unchanged", arrow::list(arrow::field("item", arrow::utf8()))),
        arrow::field("_before", arrow::struct_(image))};
    fields.insert(fields.end(), image.begin(), image.end());
    return arrow::schema(fields);
}

inline void append_unchanged(arrow::ListBuilder& list, const SourceChange& change) {
    if (change.unchanged.empty()) {
        return ok(list.AppendNull());
    }
    ok(list.Append());
    for (const catalog::Column& column : change.contract->columns) {
        if (change.unchanged.contains(column.id)) {
            ok(static_cast<arrow::StringBuilder&>(*list.value_builder()).Append(column.name));
        }
    }
}

inline void append_before(arrow::StructBuilder& image, const SourceChange& change) {
    if (!change.before) {
        return ok(image.AppendNull());
    }
    ok(image.Append());
    int field = 0;
    for (const catalog::Column& column : change.contract->columns) {
        append_value(*image.field_builder(field++), *change.before, column.id);
    }
}

inline void append_change(arrow::RecordBatchBuilder& rows, const SourceChange& change) {
    append_text(*rows.GetField(0), std::string(1, change.op));
    append_text(*rows.GetField(1), std::to_string(change.cut));
    append_text(*rows.GetField(2), std::to_string(change.position));
    append_text(*rows.GetField(3), std::to_string(change.ordinal));
    append_text(*rows.GetField(4), std::to_string(change.position % 1000));
    ok(rows.GetFieldAs<arrow::TimestampBuilder>(5)->Append(change.time_us));
    append_text(*rows.GetField(6), std::to_string(change.contract->version.number));
    ok(rows.GetField(7)->AppendNull());
    append_unchanged(*rows.GetFieldAs<arrow::ListBuilder>(8), change);
    append_before(*rows.GetFieldAs<arrow::StructBuilder>(9), change);
    int field = 10;
    const bool has_after = change.op != 'd' && change.op != 't';
    for (const catalog::Column& column : change.contract->columns) {
        const bool carried = has_after && !change.unchanged.contains(column.id);
        append_value(*rows.GetField(field++), carried ? change.after : Row(), column.id);
    }
}

/// The changes, of one table and version, as a processing file's rows.
inline std::shared_ptr<arrow::RecordBatch> processing_rows(std::span<const SourceChange> changes) {
    const auto schema = processing_schema(*changes.front().contract);
    auto builder = *arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool());
    for (const SourceChange& change : changes) {
        append_change(*builder, change);
    }
    return builder->Flush().ValueOrDie();
}

/// Processing files in memory.
class MemoryFiles final : public ProcessingFiles {
public:
    /// Adds a file of changes of one table, version and cut, and returns its name.
    RefinedFile add(std::span<const SourceChange> changes) {
        const SourceChange& first = changes.front();
        const std::string key =
            fmt::format("processing/{}/cut-{:012}-part-{:04}", first.contract->name.to_string(),
                        first.cut, files_.size());
        files_[key] = processing_rows(changes);
        return {.file = {.table = first.contract->name,
                         .path = key,
                         .rows = changes.size(),
                         .bytes = 0,
                         .sha256 = {},
                         .schema_version = first.contract->version},
                .key = key};
    }

    Result<std::unique_ptr<ProcessingRows>> open(const RefinedFile& file) override {
        if (file.key == failing_key) {
            return fail(ErrorKind::unavailable, "the disk is gone");
        }
        return std::make_unique<MemoryRows>(files_.at(file.key));
    }

    void rename(const std::string& from, const std::string& to) {
        files_[to] = files_.at(from);
        files_.erase(from);
    }

    std::string failing_key;

private:
    class MemoryRows final : public ProcessingRows {
    public:
        explicit MemoryRows(std::shared_ptr<arrow::RecordBatch> rows) : rows_(std::move(rows)) {}
        // In two pieces, as a file with two row groups gives them.
        Result<std::shared_ptr<arrow::RecordBatch>> next() override {
            if (given_ == rows_->num_rows()) {
                return nullptr;
            }
            const std::int64_t part = given_ == 0 ? (rows_->num_rows() + 1) / 2 : rows_->num_rows();
            auto piece = rows_->Slice(given_, part);
            given_ += piece->num_rows();
            return piece;
        }

    private:
        std::shared_ptr<arrow::RecordBatch> rows_;
        std::int64_t given_ = 0;
    };

    std::map<std::string, std::shared_ptr<arrow::RecordBatch>> files_;
};

}  // namespace weir::warehouse::testing
