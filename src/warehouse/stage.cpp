#include "warehouse/stage.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <array>
#include <utility>

#include "warehouse/column_type.h"
#include "warehouse/processing_columns.h"

namespace weir::warehouse {
namespace {

struct OwnColumn {
    const char* stage;
    const char* type;
    const char* file;
};

constexpr std::array own_columns{
    OwnColumn{"op", "VARCHAR", "_op"},
    OwnColumn{"cut", "BIGINT", "_cut"},
    OwnColumn{"position", "BIGINT", "_commit_position"},
    OwnColumn{"ordinal", "BIGINT", "_ordinal"},
    OwnColumn{"time", "TIMESTAMPTZ", "_commit_time"},
    OwnColumn{"version", "INTEGER", "_schema_version"},
    OwnColumn{"unchanged", "VARCHAR[]", "_unchanged"},
};

Result<std::shared_ptr<arrow::Array>> row_numbers(std::uint64_t first, std::int64_t rows) {
    arrow::Int64Builder builder;
    std::shared_ptr<arrow::Array> array;
    arrow::Status status = builder.Reserve(rows);
    if (status.ok()) {
        for (std::int64_t row = 0; row < rows; ++row) {
            builder.UnsafeAppend(static_cast<std::int64_t>(first) + row);
        }
        status = builder.Finish(&array);
    }
    if (!status.ok()) {
        return fail(ErrorKind::unavailable, "cannot number rows: {}", status.message());
    }
    return array;
}

struct Columns {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;

    void add(std::string name, std::shared_ptr<arrow::Array> array) {
        fields.push_back(arrow::field(std::move(name), array->type()));
        arrays.push_back(std::move(array));
    }
    std::shared_ptr<arrow::RecordBatch> batch(std::int64_t rows) && {
        return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
    }
};

}  // namespace

Status Stage::create(sql::SqlSession& session) const {
    std::string columns = "row BIGINT";
    for (const OwnColumn& own : own_columns) {
        columns += fmt::format(", {} {}", own.stage, own.type);
    }
    for (const HistoryColumn& column : history_.columns) {
        columns += fmt::format(", c{} {}", column.id, sql_type(*column.type));
        if (before_ids_.contains(column.id)) {
            columns += fmt::format(", b{} {}", column.id, sql_type(*column.type));
        }
    }
    TRY(session.execute("CREATE OR REPLACE TEMP TABLE stage (" + columns + ")"));
    return {};
}

Result<std::shared_ptr<arrow::RecordBatch>> Stage::shape(
    const arrow::RecordBatch& rows, const catalog::TableContract& contract) const {
    const ProcessingColumns source(rows, contract);
    Columns columns;
    TRY_LET(auto numbers, row_numbers(rows_, rows.num_rows()));
    columns.add("row", std::move(numbers));
    for (const OwnColumn& own : own_columns) {
        TRY_LET(auto array, source.own(own.file));
        columns.add(own.stage, std::move(array));
    }
    for (const HistoryColumn& column : history_.columns) {
        TRY_LET(auto after, source.after(column));
        columns.add(fmt::format("c{}", column.id), std::move(after));
        if (before_ids_.contains(column.id)) {
            TRY_LET(auto before, source.before(column));
            columns.add(fmt::format("b{}", column.id), std::move(before));
        }
    }
    return std::move(columns).batch(rows.num_rows());
}

Status Stage::append(sql::SqlSession& session, const arrow::RecordBatch& rows,
                     const catalog::TableContract& contract) {
    TRY_LET(const auto shaped, shape(rows, contract));
    TRY(session.append("temp", "stage", *shaped));
    rows_ += static_cast<std::uint64_t>(rows.num_rows());
    return {};
}

}  // namespace weir::warehouse
