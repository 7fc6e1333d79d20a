#include "change/change_batch.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <string>
#include <vector>

namespace weir::change {
namespace {

std::shared_ptr<arrow::DataType> image_type(const catalog::TableContract& contract) {
    arrow::FieldVector fields;
    for (const catalog::Column& column : contract.columns) {
        // An image may lack any column: the log carries keys only, or leaves out what is unchanged.
        fields.push_back(arrow::field(
            column.name, column.landed_type, true,
            arrow::key_value_metadata({"weir.id", "weir.source_type"},
                                      {std::to_string(column.id), column.source_type})));
    }
    return arrow::struct_(fields);
}

std::shared_ptr<arrow::DataType> untyped_type() {
    return arrow::list(arrow::struct_({arrow::field("image", arrow::utf8(), false),
                                       arrow::field("column", arrow::utf8(), false),
                                       arrow::field("text", arrow::utf8(), false)}));
}

}  // namespace

std::shared_ptr<arrow::Schema> landed_schema(const catalog::TableContract& contract) {
    return arrow::schema({
        arrow::field("op", arrow::utf8(), false),
        arrow::field("commit_position", arrow::int64(), false),
        arrow::field("ordinal", arrow::int64(), false),
        arrow::field("transaction_id", arrow::int64(), false),
        arrow::field("commit_time", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
        arrow::field("schema_version", arrow::int32(), false),
        arrow::field("before_image", image_type(contract)),
        arrow::field("after_image", image_type(contract)),
        arrow::field("unchanged", arrow::list(arrow::field("item", arrow::utf8(), false))),
        arrow::field("untyped", untyped_type()),
    });
}

}  // namespace weir::change
