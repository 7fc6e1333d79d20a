#include "capture/postgres/ddl_trigger.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "capture/postgres/named_tables.h"

namespace weir::capture::postgres {
namespace {

constexpr std::size_t name_bytes_max = 63;

/// An event of the server at which the function is called.
struct Event {
    std::string_view name;
    std::string_view filter;
};
// Columns may go by DROP TYPE ... CASCADE too, which names no table. A table is written anew by
// ALTER TABLE alone.
constexpr std::array events{Event{"ddl_command_end", " WHEN TAG IN ('ALTER TABLE')"},
                            Event{"sql_drop", ""}, Event{"table_rewrite", ""}};

std::string event_trigger(const std::string& publication, std::string_view event) {
    return fmt::format("{}_{}", publication.substr(0, name_bytes_max - 1 - event.size()), event);
}

std::string quoted_function(const Connection& connection, const std::string& publication) {
    return connection.quote_identifier(publication) + ".tell_shape()";
}

// The values of a setting are fixed as those of our own sessions are: what a constant default is
// written as must not depend on who alters the table.
//
// Reasons 2 and 4 of a rewrite are a new default and another type: others keep the values. A
// partition's rows are its root's.
//
// Of a type that PostgreSQL was not built with the name of its base is told, as pgoutput does.
//
// A partitioned table has no rows; what they have in a new column is at its partitions.
//
// All that may fail stands in the block that forgives it, which is a subtransaction of its own. To
// the decoder a message stands where it ends, and that is where the next record begins; between
// two subtransactions their order is then left to chance. Hence the empty message at the end: what
// comes after the statement begins behind it.
//
// "transaction" is who wrote the shape: the newest of the catalog's rows. Very old rows have
// numbers that came around again.
constexpr auto function_sql = R"(CREATE OR REPLACE FUNCTION {function} RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO, YMD' SET timezone = 'UTC'
SET intervalstyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1
SET lc_monetary = 'C' AS $weir$
DECLARE
    changed oid[];
    told record;
BEGIN
    IF TG_EVENT = 'ddl_command_end' THEN
        changed := ARRAY(SELECT objid FROM pg_event_trigger_ddl_commands()
            WHERE classid = 'pg_class'::regclass);
    ELSIF TG_EVENT = 'sql_drop' THEN
        changed := ARRAY(SELECT objid FROM pg_event_trigger_dropped_objects()
            WHERE object_type = 'table column');
    ELSIF pg_event_trigger_table_rewrite_reason() & 6 <> 0 THEN
        changed := ARRAY(SELECT pg_event_trigger_table_rewrite_oid() UNION
            SELECT relid FROM pg_partition_ancestors(pg_event_trigger_table_rewrite_oid()));
    END IF;
    FOR told IN
        WITH RECURSIVE part (oid) AS (SELECT unnest(changed) UNION
            SELECT h.inhrelid FROM part JOIN pg_inherits h ON h.inhparent = part.oid
                AND TG_EVENT <> 'table_rewrite')
        SELECT jsonb_build_object('relation', c.oid::bigint, 'schema', n.nspname,
            'table', c.relname, 'identity', c.relreplident::text,
            'rewritten', TG_EVENT = 'table_rewrite',
            'transaction', (SELECT w.xmin::text::bigint FROM (SELECT c.xmin
                UNION ALL SELECT xmin FROM pg_attribute WHERE attrelid = c.oid
                UNION ALL SELECT xmin FROM pg_index WHERE indrelid = c.oid) w
                WHERE age(w.xmin) > -1000000000 ORDER BY age(w.xmin) LIMIT 1),
            'columns', coalesce((SELECT jsonb_agg(jsonb_build_object('number', a.attnum,
                    'name', a.attname, 'type', a.atttypid::bigint, 'modifier', a.atttypmod,
                    'base', CASE WHEN a.atttypid >= 10000 THEN (WITH RECURSIVE base AS (
                        SELECT t.* FROM pg_type t WHERE t.oid = a.atttypid UNION ALL
                        SELECT t.* FROM base b JOIN pg_type t ON b.typtype = 'd'
                            AND t.oid = b.typbasetype)
                        SELECT jsonb_build_array(CASE bn.nspname WHEN 'pg_catalog' THEN ''
                            ELSE bn.nspname END, b.typname) FROM base b
                        JOIN pg_namespace bn ON bn.oid = b.typnamespace WHERE b.typtype <> 'd') END,
                    'not_null', a.attnotnull, 'key', coalesce(a.attnum = ANY (
                        (i.indkey::int2[])[0:i.indnkeyatts - 1]), false),
                    'generated', a.attgenerated::text,
                    'default', a.atthasdef OR a.attidentity <> '', 'missing',
                    CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1]
                        WHEN a.atthasdef AND c.relkind = 'p' THEN (
                            SELECT min((b.attmissingval::text::text[])[1])
                            FROM pg_partition_tree(c.oid) t JOIN pg_attribute b
                                ON b.attrelid = t.relid AND b.attname = a.attname WHERE t.isleaf
                            HAVING bool_and(b.atthasmissing) AND
                                count(DISTINCT (b.attmissingval::text::text[])[1]) = 1) END)
                    ORDER BY a.attnum)
                FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]')
            )::text AS shape
        FROM part JOIN pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'p')
            AND c.relpersistence = 'p'
        JOIN pg_namespace n ON n.oid = c.relnamespace {identity} ORDER BY c.oid
    LOOP
        PERFORM pg_logical_emit_message(true, {prefix}, convert_to(told.shape, 'UTF8'));
    END LOOP;
    IF FOUND THEN
        PERFORM pg_logical_emit_message(true, {prefix}, ''::bytea);
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'weir is not told of this change of a table, sqlstate=%', SQLSTATE;
END
$weir$)";

/// Whether the schema and its function are there.
Result<bool> has_function(Connection& connection, const std::string& publication) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE "
                "n.nspname = {} AND p.proname = 'tell_shape'",
                connection.quote_literal(publication))));
    return !rows.empty();
}

Status check_schema(Connection& connection, const std::string& publication) {
    TRY_LET(const bool ours, has_function(connection, publication));
    TRY_LET(const auto schemas,
            connection.query(fmt::format("SELECT FROM pg_namespace WHERE nspname = {}",
                                         connection.quote_literal(publication))));
    if (!ours && !schemas.empty()) {
        return fail(ErrorKind::already_exists,
                    "cannot make the DDL trigger: somebody else has a schema of its name; name "
                    "another source.publication, schema={}",
                    publication);
    }
    return {};
}

/// All or nothing: several statements at once are one transaction.
Status run_together(Connection& connection, const std::vector<std::string>& statements) {
    std::string text;
    for (const std::string& statement : statements) {
        text += statement + "; ";
    }
    return connection.execute(text);
}

}  // namespace

std::string shape_prefix(const std::string& publication) {
    return publication + ".shape";
}

std::vector<std::string> create_ddl_trigger_statements(const Connection& connection,
                                                       const std::string& publication) {
    const std::string schema = connection.quote_identifier(publication);
    const std::string function = quoted_function(connection, publication);
    std::vector<std::string> statements{
        "CREATE SCHEMA IF NOT EXISTS " + schema,
        fmt::format(fmt::runtime(function_sql), fmt::arg("function", function),
                    fmt::arg("identity", join_identity_index),
                    fmt::arg("prefix", connection.quote_literal(shape_prefix(publication)))),
        fmt::format("REVOKE ALL ON FUNCTION {} FROM PUBLIC", function)};
    for (const Event& event : events) {
        const std::string name =
            connection.quote_identifier(event_trigger(publication, event.name));
        statements.push_back("DROP EVENT TRIGGER IF EXISTS " + name);
        statements.push_back(fmt::format("CREATE EVENT TRIGGER {} ON {}{} EXECUTE FUNCTION {}",
                                         name, event.name, event.filter, function));
        // In sessions that apply another server's changes too.
        statements.push_back(fmt::format("ALTER EVENT TRIGGER {} ENABLE ALWAYS", name));
    }
    return statements;
}

Status create_ddl_trigger(Connection& connection, const std::string& publication) {
    TRY(check_schema(connection, publication));
    Status made = run_together(connection, create_ddl_trigger_statements(connection, publication));
    if (!made && made.error().kind() == ErrorKind::denied) {
        return fail(ErrorKind::denied,
                    "cannot make the DDL trigger: only a superuser may make event triggers (Amazon "
                    "RDS and Aurora: a member of rds_superuser; Google Cloud SQL: of "
                    "cloudsqlsuperuser; Azure: of azure_pg_admin). Run it as one, or go without: "
                    "{}",
                    made.error().message());
    }
    return std::move(made).with("cannot make the DDL trigger");
}

Result<bool> has_ddl_trigger(Connection& connection, const std::string& publication) {
    TRY_LET(const auto rows,
            connection.query(fmt::format(
                "SELECT FROM pg_event_trigger t JOIN pg_proc p ON p.oid = t.evtfoid JOIN "
                "pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = {} AND p.proname = "
                "'tell_shape' AND t.evtevent = 'ddl_command_end' AND t.evtenabled <> 'D'",
                connection.quote_literal(publication))));
    return !rows.empty();
}

std::vector<std::string> drop_ddl_trigger_statements(const Connection& connection,
                                                     const std::string& publication) {
    std::vector<std::string> statements;
    statements.reserve(events.size() + 2);
    for (const Event& event : events) {
        statements.push_back("DROP EVENT TRIGGER IF EXISTS " +
                             connection.quote_identifier(event_trigger(publication, event.name)));
    }
    statements.push_back("DROP FUNCTION " + quoted_function(connection, publication));
    statements.push_back("DROP SCHEMA " + connection.quote_identifier(publication));
    return statements;
}

Status drop_ddl_trigger(Connection& connection, const std::string& publication) {
    TRY_LET(const bool there, has_function(connection, publication));
    if (!there) {
        return {};
    }
    return run_together(connection, drop_ddl_trigger_statements(connection, publication))
        .with("cannot remove the DDL trigger");
}

}  // namespace weir::capture::postgres
