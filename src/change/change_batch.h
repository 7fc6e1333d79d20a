#pragma once

#include <cstdint>
#include <memory>

#include "catalog/table_contract.h"

namespace arrow {
class KeyValueMetadata;
class RecordBatch;
class Schema;
}  // namespace arrow

namespace weir::change {

/// The columns that every landed row has, in this order (docs/formats/landed_file.md).
enum class LandedColumn : int {
    op = 0,               // utf8, one letter of `Operation`
    commit_position = 1,  // int64
    ordinal = 2,          // int64, from 0 within the transaction (snapshot: within the table)
    transaction_id = 3,   // int64
    commit_time = 4,      // timestamp[us, UTC]
    schema_version = 5,   // int32
    before_image = 6,     // struct of the contract's columns, null if the log carried none
    after_image = 7,      // struct of the contract's columns, null for deletes and truncates
    unchanged = 8,        // list<utf8>: columns of after_image whose value the log did not carry
    untyped = 9,          // list<struct<image, column, text>>: values outside their column's type
};

/// Returns the metadata of a column's field, in whatever file: `weir.id`, `weir.source_type`, and
/// `columnar::key_class_metadata` if it has a class of keys.
std::shared_ptr<const arrow::KeyValueMetadata> column_metadata(const catalog::Column& column);

/// Returns the schema of landed rows of this table, with `column_metadata` on the columns of the
/// images.
std::shared_ptr<arrow::Schema> landed_schema(const catalog::TableContract& contract);

/// Rows of one table in one shape, in (commit_position, ordinal) order. `rows` has
/// `landed_schema(*contract)`. Immutable once made; any thread may read it.
struct ChangeBatch {
    std::shared_ptr<const catalog::TableContract> contract;
    std::shared_ptr<arrow::RecordBatch> rows;
};

}  // namespace weir::change
