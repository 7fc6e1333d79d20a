#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/postgres_options.h"

namespace weir::capture::postgres {

/// Something about a source that `weir check` has to say.
struct Finding {
    enum class Severity { error, warning };
    Severity severity = Severity::error;
    std::string object;
    std::string message;
    std::string remedy;
};

/// Looks at what capture needs of the server and of each table; an empty list is a source that is
/// ready. With `snapshot_only` nothing about the log is asked.
Result<std::vector<Finding>> check_source(Connection& connection, const PostgresOptions& options,
                                          bool snapshot_only);

}  // namespace weir::capture::postgres
