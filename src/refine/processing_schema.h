#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "refine/declared_type.h"

namespace arrow {
class Schema;
}

namespace weir::refine {

/// The columns that every refined row has, in this order, before the table's own
/// (docs/formats/processing_file.md).
enum class ProcessingColumn : int {
    op = 0,
    cut = 1,
    commit_position = 2,
    ordinal = 3,
    transaction_id = 4,
    commit_time = 5,
    schema_version = 6,
    load_dt = 7,
    unchanged = 8,
    before = 9,
    first_own = 10,  // The contract's columns from here on, in its order.
};

/// Returns the schema of refined rows of this table. Its own fields carry `weir.id` and
/// `weir.source_type`. Fails with `invalid` if a column has the name of one of ours, or a declared
/// type that its landed type cannot become.
Result<std::shared_ptr<arrow::Schema>> processing_schema(const catalog::TableContract& contract,
                                                         const DeclaredTypes& declared);

}  // namespace weir::refine
