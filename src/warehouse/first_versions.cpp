#include "warehouse/first_versions.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <map>
#include <utility>

#include "warehouse/history_constants.h"
#include "warehouse/processing_columns.h"

namespace weir::warehouse {
namespace {

using ArrayPointer = std::shared_ptr<arrow::Array>;

Status check_operations(const ProcessingColumns& source) {
    TRY_LET(const ArrayPointer ops, source.own("_op"));
    if (ops->type_id() != arrow::Type::STRING) {
        return fail(ErrorKind::corrupt, "the column _op is no text");
    }
    const auto& letters = static_cast<const arrow::StringArray&>(*ops);
    for (std::int64_t row = 0; row < letters.length(); ++row) {
        if (letters.GetView(row) != "r") {
            return fail(ErrorKind::corrupt, "a snapshot's cut has another change, row={}", row);
        }
    }
    return {};
}

Result<ArrayPointer> repeat(const arrow::Scalar& value, std::int64_t rows) {
    auto made = arrow::MakeArrayFromScalar(value, rows);
    if (!made.ok()) {
        return fail(ErrorKind::unavailable, "cannot repeat a value: {}", made.status().message());
    }
    return *std::move(made);
}

// The history's own columns of open versions, by name.
Result<std::map<std::string, ArrayPointer>> open_versions(const ProcessingColumns& source) {
    const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    std::map<std::string, ArrayPointer> columns;
    TRY_LET(columns["valid_from"], source.own("_commit_time"));
    TRY_LET(columns["valid_to"], repeat(arrow::TimestampScalar(open_time_us, utc), source.rows()));
    TRY_LET(columns["from_cut"], source.own("_cut"));
    TRY_LET(columns["to_cut"], repeat(arrow::Int64Scalar(open_cut), source.rows()));
    TRY_LET(columns["commit_position"], source.own("_commit_position"));
    TRY_LET(columns["ordinal"], source.own("_ordinal"));
    TRY_LET(columns["end_position"], repeat(*arrow::MakeNullScalar(arrow::int64()), source.rows()));
    columns["end_ordinal"] = columns["end_position"];
    TRY_LET(columns["op"], source.own("_op"));
    return columns;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> shape_first_versions(
    const arrow::RecordBatch& rows, const catalog::TableContract& contract,
    const HistoryTable& history, const std::vector<std::string>& names) {
    const ProcessingColumns source(rows, contract);
    TRY(check_operations(source));
    TRY_LET(auto columns, open_versions(source));
    for (const HistoryColumn& column : history.columns) {
        TRY_LET(columns[column.name], source.after(column));
    }
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const std::string& name : names) {
        const auto found = columns.find(name);
        if (found == columns.end()) {
            return fail(ErrorKind::corrupt, "{} has an unknown column, column={}",
                        history.qualified_name(), name);
        }
        fields.push_back(arrow::field(name, found->second->type()));
        arrays.push_back(found->second);
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(),
                                    std::move(arrays));
}

}  // namespace weir::warehouse
