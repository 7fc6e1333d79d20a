#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// The condition on `a` (pg_attribute) that a column is captured: ordinary ones are and, from
/// PostgreSQL 18 on, stored generated ones, which it can publish. Virtual ones never reach the log.
std::string is_captured(const Connection& connection);
/// The same of a letter of pg_attribute.attgenerated; 0 is an ordinary column.
bool is_captured(char generated, const Connection& connection);

/// Of the tables whose rows are told apart by a generated column that is not captured: which one,
/// by table. What is left of such an identity is none. From PostgreSQL 18 on the server itself
/// refuses UPDATE and DELETE of such a table once it is published, and counts all columns under
/// REPLICA IDENTITY FULL.
Result<std::map<catalog::TableName, std::string>> generated_identities(
    Connection& connection, const std::vector<catalog::TableName>& names);

}  // namespace weir::capture::postgres
