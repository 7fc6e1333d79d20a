#pragma once

#include <string>
#include <vector>

#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

/// Quotes a table with its schema.
std::string quote_table(const Connection& connection, const catalog::TableName& name);

/// Returns the items of a FROM clause that find all of `names` at once, however many there are: `n`
/// is each one's row of pg_namespace, `c` its row of pg_class. A name without a table has no row.
std::string from_named_tables(const Connection& connection,
                              const std::vector<catalog::TableName>& names);

/// Returns the join that adds `i`, the row of pg_index by which the server tells the rows of `c`
/// apart, if it has one: of REPLICA IDENTITY USING INDEX that index, else the primary key. Deferred
/// keys do not count, for the server as for us. Of a partitioned table it is always the primary
/// key, for that is what each new partition begins with.
extern const char* const join_identity_index;

/// The letter of pg_class.relreplident under which the changes of `c` reach us, where `i` is joined
/// as above. A partitioned table is as good as the least of its partitions: 'n' unless it has a
/// primary key and each of them keeps to that or writes whole rows.
extern const char* const identity_letter;

/// Returns a WITH clause: `part (root, oid)` has each of `names` and, of those that are
/// partitioned, all that belongs to them, however deep.
std::string with_parts(const Connection& connection, const std::vector<catalog::TableName>& names);

}  // namespace weir::capture::postgres
