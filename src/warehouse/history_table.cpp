#include "warehouse/history_table.h"

#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/ascii_text.h"
#include "base/assert.h"
#include "sql/sql_session.h"
#include "warehouse/column_type.h"

namespace weir::warehouse {
namespace {

using sql::quote_identifier;

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> own_columns{{
    {"valid_from", "TIMESTAMPTZ NOT NULL"},
    {"valid_to", "TIMESTAMPTZ NOT NULL"},
    {"from_cut", "BIGINT NOT NULL"},
    {"to_cut", "BIGINT NOT NULL"},
    {"commit_position", "BIGINT NOT NULL"},
    {"ordinal", "BIGINT NOT NULL"},
    {"end_position", "BIGINT"},
    {"end_ordinal", "BIGINT"},
    {"op", "VARCHAR NOT NULL"},
}};

// DuckDB tells names apart without their case.
class NameChooser {
public:
    std::string choose(const std::string& name, std::uint32_t id) {
        std::string chosen = name;
        while (is_history_name(chosen) || taken_.contains(lower_case(chosen))) {
            chosen = fmt::format("{}_{}", chosen, id);
        }
        taken_.insert(lower_case(chosen));
        return chosen;
    }

private:
    std::set<std::string> taken_;
};

/// `table` may be null. A pointer, since an optional would be a copy that the result outlives.
const HistoryColumn* find(const HistoryTable* table, std::uint32_t id) {
    if (table == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(table->columns, id, &HistoryColumn::id);
    return found == table->columns.end() ? nullptr : &*found;
}

HistoryColumn shape_column(const HistoryColumn* before, const catalog::Column& column,
                           NameChooser& names) {
    auto type = column.landed_type;
    if (before != nullptr) {
        type = common_type(before->type, column.landed_type);
    }
    return {.id = column.id,
            .name = names.choose(column.name, column.id),
            .type = std::move(type),
            .present = true};
}

HistoryTable shape(const std::optional<HistoryTable>& before,
                   const catalog::TableContract& contract) {
    HistoryTable table{.name = contract.name, .version = contract.version, .columns = {}};
    NameChooser names;
    for (const catalog::Column& column : contract.columns) {
        table.columns.push_back(
            shape_column(find(before ? &*before : nullptr, column.id), column, names));
    }
    const std::size_t present = table.columns.size();
    for (const HistoryColumn& column : before ? before->columns : std::vector<HistoryColumn>()) {
        const auto end = table.columns.begin() + static_cast<std::ptrdiff_t>(present);
        if (std::find_if(table.columns.begin(), end,
                         [&](const auto& kept) { return kept.id == column.id; }) == end) {
            HistoryColumn dropped = column;
            dropped.present = false;
            dropped.name = names.choose(column.name, column.id);
            table.columns.push_back(std::move(dropped));
        }
    }
    return table;
}

std::string create_statement(const HistoryTable& table) {
    std::vector<std::string> columns;
    columns.reserve(table.columns.size() + own_columns.size());
    for (const HistoryColumn& column : table.columns) {
        columns.push_back(
            fmt::format("{} {}", quote_identifier(column.name), sql_type(*column.type)));
    }
    for (const auto& [name, type] : own_columns) {
        columns.push_back(fmt::format("{} {}", name, type));
    }
    return fmt::format("CREATE TABLE {} ({})", table.qualified_name(), fmt::join(columns, ", "));
}

// All renames go through a name of their own first, since columns may exchange names.
void add_renames(const HistoryTable& before, const HistoryTable& after,
                 std::vector<std::string>& statements) {
    std::vector<std::string> second;
    for (const HistoryColumn& column : before.columns) {
        const std::string& name = after.column(column.id).name;
        if (name != column.name) {
            const std::string between = fmt::format("weir renames {}", column.id);
            statements.push_back(fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}",
                                             after.qualified_name(), quote_identifier(column.name),
                                             quote_identifier(between)));
            second.push_back(fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}",
                                         after.qualified_name(), quote_identifier(between),
                                         quote_identifier(name)));
        }
    }
    statements.insert(statements.end(), second.begin(), second.end());
}

/// Rows that are older than a new column have in it what the source says. Neither a default nor an
/// UPDATE does: DuckDB commits neither beside a later change of the table in one transaction.
void fill_new_columns(const HistoryTable& before, const HistoryTable& after,
                      const catalog::TableContract& contract,
                      std::vector<std::string>& statements) {
    for (const catalog::Column& column : contract.columns) {
        if (column.missing_value && find(&before, column.id) == nullptr) {
            const HistoryColumn& added = after.column(column.id);
            const std::string type = sql_type(*added.type);
            statements.push_back(fmt::format(
                "ALTER TABLE {0} ALTER COLUMN {1} SET DATA TYPE {2} USING CAST({3} AS {2})",
                after.qualified_name(), quote_identifier(added.name), type,
                sql::quote_literal(*column.missing_value)));
        }
    }
}

/// PostgreSQL's text of bytes where a column of bytes becomes one of text.
std::string text_of_bytes(const HistoryColumn& old, const HistoryColumn& column) {
    return old.type->id() == arrow::Type::BINARY && column.type->id() == arrow::Type::STRING
               ? fmt::format(" USING '\\x' || lower(hex({}))", quote_identifier(column.name))
               : "";
}

void add_columns_and_types(const HistoryTable& before, const HistoryTable& after,
                           std::vector<std::string>& statements) {
    for (const HistoryColumn& column : after.columns) {
        const HistoryColumn* old = find(&before, column.id);
        if (old == nullptr) {
            statements.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {} {}",
                                             after.qualified_name(), quote_identifier(column.name),
                                             sql_type(*column.type)));
        } else if (!old->type->Equals(column.type)) {
            statements.push_back(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DATA TYPE {}{}",
                                             after.qualified_name(), quote_identifier(column.name),
                                             sql_type(*column.type), text_of_bytes(*old, column)));
        }
    }
}

}  // namespace

bool is_history_name(std::string_view name) {
    const std::string text = lower_case(name);
    return std::ranges::any_of(own_columns, [&](const auto& own) { return own.first == text; });
}

std::string HistoryTable::qualified_name() const {
    const catalog::TableName history = history_name(name);
    return fmt::format("{}.{}", quote_identifier(history.schema), quote_identifier(history.table));
}

const HistoryColumn& HistoryTable::column(std::uint32_t id) const {
    const auto found = std::ranges::find(columns, id, &HistoryColumn::id);
    WEIR_ASSERT(found != columns.end());
    return *found;
}

Evolution evolve(const std::optional<HistoryTable>& table, const catalog::TableContract& contract) {
    if (table && table->version >= contract.version) {
        return {.table = *table, .statements = {}};
    }
    Evolution evolution{.table = shape(table, contract), .statements = {}};
    if (!table) {
        evolution.statements = {fmt::format("CREATE SCHEMA IF NOT EXISTS {}",
                                            quote_identifier(history_name(contract.name).schema)),
                                create_statement(evolution.table)};
        return evolution;
    }
    add_renames(*table, evolution.table, evolution.statements);
    add_columns_and_types(*table, evolution.table, evolution.statements);
    fill_new_columns(*table, evolution.table, contract, evolution.statements);
    return evolution;
}

}  // namespace weir::warehouse
