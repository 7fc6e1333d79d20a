#include "refine/processing_schema.h"

#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <utility>

#include "change/change_batch.h"

namespace weir::refine {
namespace {

Result<arrow::FieldVector> own_fields(const catalog::TableContract& contract,
                                      const DeclaredTypes& declared) {
    arrow::FieldVector fields;
    for (const catalog::Column& column : contract.columns) {
        TRY_LET(auto type, refined_type(column, declared.find(contract.name, column.name))
                               .with("table " + contract.name.to_string()));
        fields.push_back(
            arrow::field(column.name, std::move(type), true, change::column_metadata(column)));
    }
    return fields;
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> processing_schema(const catalog::TableContract& contract,
                                                         const DeclaredTypes& declared) {
    TRY_LET(const auto own, own_fields(contract, declared));
    arrow::FieldVector fields{
        arrow::field("_op", arrow::utf8(), false),
        arrow::field("_cut", arrow::int64(), false),
        arrow::field("_commit_position", arrow::int64(), false),
        arrow::field("_ordinal", arrow::int64(), false),
        arrow::field("_transaction_id", arrow::int64(), false),
        arrow::field("_commit_time", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
        arrow::field("_schema_version", arrow::int32(), false),
        arrow::field("_load_dt", arrow::date32(), false),
        arrow::field("_unchanged", arrow::list(arrow::field("item", arrow::utf8(), false))),
        arrow::field("_before", arrow::struct_(own)),
    };
    for (const auto& field : own) {
        if (std::ranges::find(fields, field->name(), &arrow::Field::name) != fields.end()) {
            return fail(ErrorKind::invalid,
                        "cannot refine table: a column has the name of one of weir's own; rename "
                        "it or leave the table out, table={}, column={}",
                        contract.name.to_string(), field->name());
        }
    }
    fields.insert(fields.end(), own.begin(), own.end());
    return arrow::schema(std::move(fields));
}

}  // namespace weir::refine
