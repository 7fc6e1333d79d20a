#pragma once

#include <duckdb.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "sql/duckdb/duckdb_session.h"

namespace weir::sql {

struct DuckDbOptions {
    bool read_only = false;
    std::optional<std::uint32_t> threads = std::nullopt;  // DuckDB's own; none: one for each core.
    std::optional<std::string> memory_limit = std::nullopt;  // As DuckDB writes it: "2GB".
    std::filesystem::path temp_directory = {};  // Where it spills; empty: beside the file.
};

/// A DuckDB file, held by this process until the database and all its sessions are gone. One
/// process holds a file once: DuckDB does not guard against a second open in the same process.
/// Nothing is downloaded: extensions are neither installed nor loaded by themselves.
/// Any thread may call `connect`; each session belongs to one thread.
class DuckDbDatabase {
public:
    /// Opens the file and makes it if there is none (not when `read_only`). Fails with `conflict`
    /// while another process holds the file, with `not_found`, `denied`, `corrupt`, or
    /// `unavailable` if the disk is full.
    static Result<DuckDbDatabase> open(const std::filesystem::path& file,
                                       const DuckDbOptions& options);

    /// Opens a session whose times are in UTC.
    Result<std::unique_ptr<DuckDbSession>> connect() const;

private:
    struct Close {
        void operator()(duckdb_database database) const { duckdb_close(&database); }
    };
    using Handle = std::unique_ptr<_duckdb_database, Close>;

    explicit DuckDbDatabase(Handle handle) : handle_(std::move(handle)) {}

    Handle handle_;
};

}  // namespace weir::sql
