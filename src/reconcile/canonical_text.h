#pragma once

#include <string>
#include <string_view>

#include "catalog/table_contract.h"

namespace weir::reconcile {

/// Returns an expression for a value's canonical text, before escaping; null stays null.
/// `value`: an expression of the column's type on that database.
std::string canonical_text_postgres(const arrow::DataType& landed_type, std::string_view value);
std::string canonical_text_duckdb(const arrow::DataType& landed_type, std::string_view value);

}  // namespace weir::reconcile
