#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

// Two publications are weir's. The one of the configured name has the tables whose old rows the log
// names, with all operations. A table without replica identity is in the other one, which has only
// its inserts and truncates: the server refuses UPDATE and DELETE of such a table once they are to
// be published. It is there even without a table, for the server cannot decode log that is older
// than a publication it is asked for, and a table may come later.

/// The name of the second publication.
std::string append_publication(const std::string& publication);

/// Makes the two publications name exactly these tables; creates what is missing, and leaves alone
/// what is so already, which another role may own. Fails with `unsupported` on a table whose
/// identity has a generated column.
Status publish_tables(Connection& connection, const std::string& publication,
                      const std::vector<catalog::TableName>& tables);
/// Removes the publications; none is no error. Fails with `denied` if another role owns one.
Status drop_publications(Connection& connection, const std::string& publication);

/// Returns the statements that make what `publish_tables` wants.
Result<std::vector<std::string>> create_publication_statements(
    Connection& connection, const std::string& publication,
    const std::vector<catalog::TableName>& tables);

}  // namespace weir::capture::postgres
