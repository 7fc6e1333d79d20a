#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

// A partitioned table is captured as its root: the log tells the rows of all partitions under the
// root's name. It does not tell when a partition comes or goes with its rows, or is emptied by
// itself. That shows in the catalog, which is therefore compared with what it was before.

/// A partition that holds rows, however deep below its root.
struct Partition {
    catalog::TableName root;
    catalog::TableName name;
    std::uint32_t id = 0;       // pg_class.oid; it outlives a new name.
    std::uint64_t storage = 0;  // pg_class.relfilenode; TRUNCATE changes it, and so do rewrites.

    friend auto operator<=>(const Partition&, const Partition&) = default;
};

/// Rows that came to a table, or left it, without a word in the log. The table differs from the
/// source until it is read again.
struct UntoldChange {
    catalog::TableName root;
    catalog::TableName partition;
    std::string what;  // "was attached with rows", ...
};

/// Returns those of `names` that are partitioned.
Result<std::vector<catalog::TableName>> find_partitioned(
    Connection& connection, const std::vector<catalog::TableName>& names);
/// Returns the partitions of these tables, by root and id.
Result<std::vector<Partition>> read_partitions(Connection& connection,
                                               const std::vector<catalog::TableName>& roots);
/// Returns what the log has not told between two looks at the catalog. `truncated`: the roots of
/// which it told a TRUNCATE meanwhile, so that nothing older counts.
Result<std::vector<UntoldChange>> find_untold(Connection& connection,
                                              const std::vector<Partition>& before,
                                              const std::vector<Partition>& now,
                                              const std::set<catalog::TableName>& truncated);

}  // namespace weir::capture::postgres
