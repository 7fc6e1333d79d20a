#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/row.h"
#include "simulate/table.h"
#include "simulate/truth.h"

namespace weir::simulate {

/// One transaction in the making: the SQL that does it, the rows that each statement must hit, and
/// the truth after it. Starts with BEGIN; the COMMIT is left to who sends it. One thread.
class Transcript {
public:
    /// `truth` is that of the data before the first transaction; without it none is kept.
    explicit Transcript(std::optional<Truth> truth);

    /// Forgets the transaction before, whose effect on the truth stays.
    void begin();
    /// Completes the last statement: `sql` is whole after it.
    void end();
    void insert(Table table, const Row& row);
    /// Sets the columns that differ; none, no statement.
    void update(Table table, const Row& before, const Row& after);
    void remove(Table table, const Row& row);
    /// Notes an update that the server does by itself, by a foreign key or in a `statement`.
    void follow(Table table, const Row& before, const Row& after);
    /// Adds a statement that hits `rows` rows, whose changes are told by `follow`; -1: any number.
    void statement(std::string_view sql, std::int64_t rows);
    void add_email_column();

    struct Mark {
        std::optional<Truth> truth;
        std::int64_t rows;
    };
    Mark savepoint();
    void rollback_to_savepoint(const Mark& mark);
    /// Undoes the whole transaction, and begins another one.
    void rollback(const Mark& begin);

    const std::string& sql() const { return sql_; }
    /// Returns the number of rows for each statement of `sql`, -1 where it has none.
    const std::vector<std::int64_t>& expected_rows() const { return expected_; }
    /// Returns how many row changes of all transactions so far stay.
    std::int64_t rows() const { return rows_; }
    const std::optional<Truth>& truth() const { return truth_; }
    Mark mark() const { return {truth_, rows_}; }

private:
    void where_key(Table table, const Row& row);
    void end_statement(std::int64_t rows);

    std::optional<Truth> truth_;
    std::string sql_;
    std::vector<std::int64_t> expected_;
    std::int64_t rows_ = 0;
    bool in_insert_ =
        false;  // The last statement is an INSERT into `insert_table_` without its semicolon.
    Table insert_table_ = Table::plan;
};

}  // namespace weir::simulate
