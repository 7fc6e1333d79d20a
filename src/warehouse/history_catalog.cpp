#include "warehouse/history_catalog.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace weir::warehouse {
namespace {

using sql::quote_literal;

constexpr auto operations = R"(
CREATE SCHEMA IF NOT EXISTS weir_ops;
CREATE TABLE IF NOT EXISTS weir_ops.weir_cut (cut BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS weir_ops.load (
    from_cut BIGINT NOT NULL, to_cut BIGINT NOT NULL, "rows" BIGINT NOT NULL,
    started TIMESTAMPTZ NOT NULL, seconds DOUBLE NOT NULL);
CREATE TABLE IF NOT EXISTS weir_ops.load_table (
    from_cut BIGINT NOT NULL, to_cut BIGINT NOT NULL, "schema" VARCHAR NOT NULL,
    "table" VARCHAR NOT NULL, "rows" BIGINT NOT NULL, begun BIGINT NOT NULL, ended BIGINT NOT NULL,
    missing BIGINT NOT NULL, collisions BIGINT NOT NULL, unresolved BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS weir_ops.history_table (
    "schema" VARCHAR NOT NULL, "table" VARCHAR NOT NULL, version BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS weir_ops.history_column (
    "schema" VARCHAR NOT NULL, "table" VARCHAR NOT NULL, place BIGINT NOT NULL, id BIGINT NOT NULL,
    name VARCHAR NOT NULL, type VARCHAR NOT NULL, present BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS weir_ops.change_file (
    "schema" VARCHAR NOT NULL, "table" VARCHAR NOT NULL, version BIGINT NOT NULL,
    path VARCHAR NOT NULL);
INSERT INTO weir_ops.weir_cut SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM weir_ops.weir_cut);
)";

std::string where(const catalog::TableName& name) {
    return fmt::format(R"(WHERE "schema" = {} AND "table" = {})", quote_literal(name.schema),
                       quote_literal(name.table));
}

std::uint32_t number(const std::optional<std::string>& text) {
    std::uint32_t value = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return value;
}

Result<HistoryColumn> read_column(const std::vector<std::optional<std::string>>& row) {
    TRY_LET(auto type, catalog::landed_type_from_name(row[2].value_or("")));
    return HistoryColumn{.id = number(row[0]),
                         .name = row[1].value_or(""),
                         .type = std::move(type),
                         .present = row[3] == "true"};
}

}  // namespace

Status create_operations(sql::SqlSession& session) {
    TRY(session.execute(operations).with("cannot make weir_ops"));
    return {};
}

Result<std::optional<HistoryTable>> read_history(sql::SqlSession& session,
                                                 const catalog::TableName& name) {
    TRY_LET(const auto versions,
            session.query("SELECT version FROM weir_ops.history_table " + where(name)));
    if (versions.rows.empty()) {
        return std::nullopt;
    }
    HistoryTable table{
        .name = name, .version = {number(versions.rows.front().front())}, .columns = {}};
    TRY_LET(const auto columns,
            session.query("SELECT id, name, type, present FROM weir_ops.history_column " +
                          where(name) + " ORDER BY place"));
    for (const auto& row : columns.rows) {
        TRY_LET(auto column, read_column(row).with("weir_ops.history_column"));
        table.columns.push_back(std::move(column));
    }
    return table;
}

Status save_history(sql::SqlSession& session, const HistoryTable& table) {
    const std::string schema = quote_literal(table.name.schema);
    const std::string name = quote_literal(table.name.table);
    std::string statements = fmt::format(
        "DELETE FROM weir_ops.history_table {0}; DELETE FROM weir_ops.history_column "
        "{0}; INSERT INTO weir_ops.history_table VALUES ({1}, {2}, {3});",
        where(table.name), schema, name, table.version.number);
    std::size_t place = 0;
    for (const HistoryColumn& column : table.columns) {
        statements +=
            fmt::format("INSERT INTO weir_ops.history_column VALUES ({}, {}, {}, {}, {}, {}, {});",
                        schema, name, place++, column.id, quote_literal(column.name),
                        quote_literal(catalog::landed_type_name(*column.type)), column.present);
    }
    TRY(session.execute(statements).with("cannot save the shape of " + table.name.to_string()));
    return {};
}

}  // namespace weir::warehouse
