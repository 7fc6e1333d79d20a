#include "capture/postgres/postgres_tables.h"

#include <utility>

#include "capture/postgres/connection.h"
#include "capture/postgres/postgres_snapshot.h"
#include "capture/postgres/table_discovery.h"

namespace weir::capture::postgres {

PostgresTables::PostgresTables(PostgresOptions options, std::size_t workers,
                               std::set<catalog::TableName> captured)
    : options_(std::move(options)), workers_(workers), captured_(std::move(captured)) {}

Result<std::vector<catalog::TableName>> PostgresTables::find_tables() {
    TRY_LET(Connection session, Connection::open(options_.url));
    TRY_LET(auto found,
            TableDiscovery(session).find_tables(options_.tables, options_.exclude, captured_));
    captured_.insert(found.begin(), found.end());
    return found;
}

Result<std::unique_ptr<change::SnapshotSource>> PostgresTables::begin(const Request& request,
                                                                      const std::stop_token& stop) {
    PostgresOptions options = options_;
    options.wait.stop = stop;
    TRY_LET(std::unique_ptr<change::SnapshotSource> reading,
            PostgresSnapshot::begin_beside(options, workers_, request));
    return reading;
}

}  // namespace weir::capture::postgres
