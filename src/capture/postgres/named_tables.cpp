#include "capture/postgres/named_tables.h"

#include <fmt/format.h>

namespace weir::capture::postgres {

const char* const join_identity_index =
    "LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisvalid AND i.indisunique AND "
    "i.indimmediate AND i.indpred IS NULL AND CASE WHEN c.relreplident = 'i' AND c.relkind <> 'p' "
    "THEN i.indisreplident ELSE i.indisprimary END";

const char* const identity_letter =
    "CASE WHEN c.relkind = 'p' AND (i.indexrelid IS NULL OR c.relreplident NOT IN ('d', 'f') OR "
    "EXISTS (WITH RECURSIVE part AS (SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid "
    "UNION ALL SELECT h.inhrelid FROM part JOIN pg_inherits h ON h.inhparent = part.inhrelid) "
    "SELECT FROM part JOIN pg_class p ON p.oid = part.inhrelid AND p.relkind <> 'p' AND "
    "p.relreplident NOT IN ('d', 'f'))) THEN 'n' ELSE c.relreplident END";

std::string quote_table(const Connection& connection, const catalog::TableName& name) {
    return fmt::format("{}.{}", connection.quote_identifier(name.schema),
                       connection.quote_identifier(name.table));
}

std::string from_named_tables(const Connection& connection,
                              const std::vector<catalog::TableName>& names) {
    std::string schemas;
    std::string tables;
    for (const catalog::TableName& name : names) {
        const char* const between = schemas.empty() ? "" : ", ";
        schemas += between + connection.quote_literal(name.schema);
        tables += between + connection.quote_literal(name.table);
    }
    return fmt::format(
        "unnest(ARRAY[{}]::name[], ARRAY[{}]::name[]) AS named (of_schema, of_table) JOIN "
        "pg_namespace n ON n.nspname = named.of_schema JOIN pg_class c ON c.relnamespace = n.oid "
        "AND c.relname = named.of_table",
        schemas, tables);
}

std::string with_parts(const Connection& connection, const std::vector<catalog::TableName>& names) {
    return fmt::format(
        "WITH RECURSIVE part (root, oid) AS (SELECT c.oid, c.oid FROM {} UNION ALL SELECT "
        "part.root, h.inhrelid FROM part JOIN pg_class p ON p.oid = part.oid AND p.relkind = 'p' "
        "JOIN pg_inherits h ON h.inhparent = part.oid AND NOT h.inhdetachpending) ",
        from_named_tables(connection, names));
}

}  // namespace weir::capture::postgres
