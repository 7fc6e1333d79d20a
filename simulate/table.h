#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace weir::simulate {

/// The tables of schema `claims`, in an order in which foreign keys point backwards.
enum class Table : std::size_t {
    plan,
    provider,
    member,
    eligibility_span,
    claim,
    claim_line,
    claim_diagnosis,
    claim_status_event,
    payment,
};

constexpr std::size_t table_count = 9;
constexpr std::array<Table, table_count> all_tables = {
    Table::plan,   Table::provider,   Table::member,          Table::eligibility_span,
    Table::claim,  Table::claim_line, Table::claim_diagnosis, Table::claim_status_event,
    Table::payment};

struct TableShape {
    std::string_view name;                      // Without the schema.
    std::span<const std::string_view> columns;  // In the order of schema.sql.
    std::size_t key_columns;                    // The key is the first so many columns.
};

/// Returns names and key. The columns of `member` end with `email`, which the table has only after
/// the transaction that adds it: a row is as long as the table has columns.
const TableShape& shape(Table table);

constexpr std::size_t index(Table table) {
    return static_cast<std::size_t>(table);
}

}  // namespace weir::simulate
