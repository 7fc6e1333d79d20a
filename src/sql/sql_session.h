#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace arrow {
class RecordBatch;
}

namespace weir::sql {

/// A small result, every value as the engine prints it; null is no value.
struct Rows {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
};

/// A connection to a warehouse. One thread at a time. Errors carry the engine's message with every
/// quoted row value taken out.
class SqlSession {
public:
    SqlSession() = default;
    SqlSession(const SqlSession&) = delete;
    SqlSession& operator=(const SqlSession&) = delete;
    virtual ~SqlSession() = default;

    /// Runs one or more statements and returns how many rows the last one changed.
    virtual Result<std::uint64_t> execute(std::string_view statements) = 0;
    /// Runs one statement and returns all its rows: for control, not for data.
    virtual Result<Rows> query(std::string_view statement) = 0;
    /// Appends rows to a table whose columns have the batch's names, order and types.
    virtual Status append(std::string_view schema, std::string_view table,
                          const arrow::RecordBatch& rows) = 0;
};

/// Quotes an identifier: `a"b` becomes `"a""b"`.
std::string quote_identifier(std::string_view name);
/// Quotes a text literal.
std::string quote_literal(std::string_view text);

}  // namespace weir::sql
