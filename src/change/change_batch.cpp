#include "change/change_batch.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "columnar/parquet_keys.h"

namespace weir::change {
namespace {

std::shared_ptr<arrow::DataType> image_type(const catalog::TableContract& contract) {
    arrow::FieldVector fields;
    for (const catalog::Column& column : contract.columns) {
        // An image may lack any column: the log carries keys only, or leaves out what is unchanged.
        fields.push_back(
            arrow::field(column.name, column.landed_type, true, column_metadata(column)));
    }
    return arrow::struct_(fields);
}

// A value that no type holds is as secret as its column.
std::shared_ptr<const arrow::KeyValueMetadata> untyped_metadata(
    const catalog::TableContract& contract) {
    const bool has_classes = std::ranges::any_of(
        contract.columns,
        [](const catalog::Column& column) { return !catalog::key_class(column).empty(); });
    return has_classes ? arrow::key_value_metadata({columnar::key_class_metadata}, {"untyped"})
                       : nullptr;
}

std::shared_ptr<arrow::DataType> untyped_type() {
    return arrow::list(arrow::struct_({arrow::field("image", arrow::utf8(), false),
                                       arrow::field("column", arrow::utf8(), false),
                                       arrow::field("text", arrow::utf8(), false)}));
}

}  // namespace

std::shared_ptr<const arrow::KeyValueMetadata> column_metadata(const catalog::Column& column) {
    auto metadata = arrow::key_value_metadata({"weir.id", "weir.source_type"},
                                              {std::to_string(column.id), column.source_type});
    if (std::string key_class = catalog::key_class(column); !key_class.empty()) {
        metadata->Append(std::string(columnar::key_class_metadata), std::move(key_class));
    }
    return metadata;
}

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
        arrow::field("untyped", untyped_type(), true, untyped_metadata(contract)),
    });
}

}  // namespace weir::change
