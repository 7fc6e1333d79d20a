#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "sql/sql_session.h"

namespace weir::sql {

/// A connection to an open DuckDB file; it keeps the file open. Made by `DuckDbDatabase::connect`.
/// One thread at a time, but `interrupt` may come from any.
class DuckDbSession final : public SqlSession {
public:
    /// Takes the connection over.
    explicit DuckDbSession(duckdb_connection connection) : connection_(connection) {}

    Result<std::uint64_t> execute(std::string_view statements) override;
    Result<Rows> query(std::string_view statement) override;
    /// Appends within the session's transaction. Columns go by place and are cast to the table's
    /// types; a value that does not fit fails the whole batch. The schema `temp` is that of
    /// temporary tables.
    Status append(std::string_view schema, std::string_view table,
                  const arrow::RecordBatch& rows) override;

    /// Makes the statement that runs now, if any, fail with `cancelled`.
    void interrupt() { duckdb_interrupt(connection_.get()); }

private:
    struct Disconnect {
        void operator()(duckdb_connection connection) const { duckdb_disconnect(&connection); }
    };

    std::unique_ptr<_duckdb_connection, Disconnect> connection_;
};

}  // namespace weir::sql
