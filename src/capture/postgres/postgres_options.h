#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "capture/postgres/source_identity.h"

namespace weir::capture::postgres {

/// What columns hold, by "schema.table.column": "phi.ssn", ...
using ColumnTags = std::map<std::string, std::vector<std::string>>;

/// How to reach a source and what to read of it.
struct PostgresOptions {
    std::string url;  // libpq's; holds a password, so it is never printed.
    std::vector<std::string> tables;
    std::string slot = "weir";
    std::string publication = "weir";
    std::uint64_t chunk_blocks = 8'192;             // 64 MiB of a table's pages are one chunk.
    std::uint64_t spool_memory_bytes = 64U << 20U;  // In-progress transactions beyond go to disk.
    std::filesystem::path spool_folder = {};
    ColumnTags tags = {};                      // A column without any is "phi.unclassified".
    std::optional<SourceIdentity> known = {};  // The server that it must be; none: any.
    bool binary = true;  // Whether values may come in binary where weir reads every type so.
};

}  // namespace weir::capture::postgres
