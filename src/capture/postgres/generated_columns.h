#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// Returns a generated column by which the table's rows are told apart, if there is one. Generated
/// columns are not captured, of whatever server: what is left of such an identity is none. From
/// PostgreSQL 18 on the server itself refuses UPDATE and DELETE of such a table once it is
/// published, and counts all columns under REPLICA IDENTITY FULL.
Result<std::optional<std::string>> generated_identity(Connection& connection,
                                                      const catalog::TableName& name);

}  // namespace weir::capture::postgres
