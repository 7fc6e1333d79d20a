#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <vector>

#include "capture/postgres/postgres_options.h"
#include "change/change_source.h"

namespace weir::capture::postgres {

/// Finds and reads tables beside the stream of a pipeline's slot. Each call has sessions of its
/// own.
class PostgresTables final : public change::TableSource {
public:
    /// `workers`: how many threads read the chunks of a reading. `captured`: the tables from
    /// before; one of them that is gone is no error, as is one that was found here.
    PostgresTables(PostgresOptions options, std::size_t workers,
                   std::set<catalog::TableName> captured = {});

    Result<std::vector<catalog::TableName>> find_tables() override;
    Result<std::unique_ptr<change::SnapshotSource>> begin(const Request& request,
                                                          const std::stop_token& stop) override;

private:
    PostgresOptions options_;
    std::size_t workers_;
    std::set<catalog::TableName> captured_;
};

}  // namespace weir::capture::postgres
