#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// Of the tables whose rows are told apart by a generated column: which one, by table. Generated
/// columns are not captured, of whatever server: what is left of such an identity is none. From
/// PostgreSQL 18 on the server itself refuses UPDATE and DELETE of such a table once it is
/// published, and counts all columns under REPLICA IDENTITY FULL.
Result<std::map<catalog::TableName, std::string>> generated_identities(
    Connection& connection, const std::vector<catalog::TableName>& names);

}  // namespace weir::capture::postgres
