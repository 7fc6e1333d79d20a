#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "simulate/row.h"
#include "simulate/table.h"

namespace weir::simulate {

/// Collects SQL statements; inserts into one table that follow each other become one statement.
class StatementText {
public:
    void insert(Table table, const Row& row);
    /// Sets the columns that differ and no other, so that untouched long values stay where they
    /// are.
    void update(Table table, const Row& before, const Row& after);
    void remove(Table table, const Row& row);
    /// Adds a whole statement, without its semicolon.
    void add(std::string_view statement);

    std::string finish() &&;

private:
    void close();
    void where_key(Table table, const Row& row);

    std::string text_;
    std::optional<Table> open_insert_;
};

}  // namespace weir::simulate
