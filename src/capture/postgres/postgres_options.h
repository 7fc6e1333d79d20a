#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/source_identity.h"

namespace weir::capture::postgres {

/// What columns hold, by "schema.table.column": "phi.ssn", ...
using ColumnTags = std::map<std::string, std::vector<std::string>>;

/// What to do while the server makes weir wait for other people's transactions.
struct ServerWait {
    std::function<void(const Error&)> tell = {};  // Hears for whom, whenever that is another one.
    std::stop_token stop = {};                    // Ends the wait.
    /// After this the wait is an error. Zero: as long as it takes.
    std::chrono::milliseconds longest{600'000};
};

/// How to reach a source and what to read of it.
struct PostgresOptions {
    std::string url;  // libpq's; holds a password, so it is never printed.
    std::vector<std::string> tables;
    std::vector<std::string> exclude = {};  // Patterns of what is left out.
    std::string slot = "weir";
    std::string publication = "weir";
    std::uint64_t chunk_blocks = 8'192;             // At most 64 MiB of a table's pages in a chunk.
    std::uint64_t spool_memory_bytes = 24U << 20U;  // In-progress transactions beyond go to disk.
    std::filesystem::path spool_folder = {};
    ColumnTags tags = {};                      // A column without any is "phi.unclassified".
    std::optional<SourceIdentity> known = {};  // The server that it must be; none: any.
    ServerWait wait = {};
    /// For a table that another session has locked; the server's lock_timeout counts if it is
    /// shorter. Zero: as long as it takes.
    std::chrono::milliseconds lock_wait{30'000};
    std::function<void(const std::string&)> on_notice = {};  // Hears what stops no table.
    bool binary = true;  // Whether values may come in binary where weir reads every type so.
};

}  // namespace weir::capture::postgres
