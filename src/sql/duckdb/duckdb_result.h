#pragma once

#include <duckdb.h>

#include "base/result.h"
#include "sql/sql_session.h"

namespace weir::sql {

/// What a statement gave back. Owned here, so that every way out lets go of it.
class DuckDbResult {
public:
    DuckDbResult() = default;
    DuckDbResult(const DuckDbResult&) = delete;
    DuckDbResult& operator=(const DuckDbResult&) = delete;
    ~DuckDbResult() { duckdb_destroy_result(&result_); }

    duckdb_result* get() { return &result_; }
    Error error();
    /// Returns all rows. REQUIRES: every column `prints`.
    Result<Rows> rows();

    /// Returns whether values of this type can be read as text without a cast.
    static bool prints(duckdb_type type);

private:
    void take_chunk(duckdb_data_chunk chunk, Rows& rows);

    duckdb_result result_{};
};

}  // namespace weir::sql
