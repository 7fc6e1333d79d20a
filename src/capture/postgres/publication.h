#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// Makes the publication name exactly these tables, with all operations and without generated
/// columns; creates it if it is missing, and leaves one alone that is so already, which another
/// role may own. Fails with `unsupported` on a table whose identity has a generated column.
Status publish_tables(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables);
/// Removes the publication; none is no error. Fails with `denied` if another role owns it.
Status drop_publication(Connection& connection, const std::string& publication);

/// Returns the statement that makes what `publish_tables` wants.
std::string create_publication_statement(const Connection& connection,
                                         const std::string& publication,
                                         const std::vector<catalog::TableName>& tables);

}  // namespace weir::capture::postgres
