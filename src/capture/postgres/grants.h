#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/postgres_options.h"

namespace weir::capture::postgres {

/// Returns the statements that give a new role what capture needs and nothing else. Whoever runs
/// them owns the tables, or is superuser; the publication is theirs. `snapshot_only` needs no log.
Result<std::vector<std::string>> grant_statements(Connection& connection, const std::string& role,
                                                  const PostgresOptions& options,
                                                  bool snapshot_only);

}  // namespace weir::capture::postgres
