#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/sql_session.h"

namespace weir::sql {

/// Runs one query in a read-only transaction and returns its rows. What is no query, such as COPY
/// or SET, fails with `invalid`: a read-only transaction alone would let it pass.
inline Result<Rows> query_read_only(SqlSession& session, std::string_view statement) {
    const std::size_t last = statement.find_last_not_of(" \t\r\n;");
    const std::string_view text =
        last == std::string_view::npos ? std::string_view() : statement.substr(0, last + 1);
    TRY(session.execute("BEGIN TRANSACTION READ ONLY"));
    auto rows = session.query("SELECT * FROM (\n" + std::string(text) + "\n)");
    TRY(session.execute("ROLLBACK"));
    return rows;
}

}  // namespace weir::sql
