#pragma once

#include <string_view>

namespace weir::simulate {

/// The text of schema.sql: schemas and tables, without keys.
std::string_view schema_sql();

/// The text of constraints.sql: keys, foreign keys and indexes, for tables that are loaded.
std::string_view constraints_sql();

}  // namespace weir::simulate
