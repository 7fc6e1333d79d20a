#include "warehouse/unchanged_values.h"

#include <fmt/format.h>

#include <string>

#include "warehouse/merge_sql.h"

namespace weir::warehouse {
namespace {

// One row for each value to find. `source` is the row of the version before, if that is in the
// stage; else known_* name the open version in history, if there is one. Keys are always known.
constexpr auto find_gaps = R"(
CREATE OR REPLACE TEMP TABLE gap AS
SELECT c.row, u.name, CASE WHEN c.before_part = 1 THEN c.before_row END AS source,
       CASE WHEN c.place = 1 THEN c.known_cut END AS known_cut, c.known_position, c.known_ordinal
FROM chained c JOIN (SELECT row, unnest(unchanged) AS name FROM stage) u ON u.row = c.row
WHERE c.needs AND c.op = 'u' AND u.name NOT IN ({}))";

constexpr auto count_steps = R"(
SELECT count(*) FROM gap g JOIN gap s ON s.row = g.source AND s.name = g.name)";

// Each round doubles the way that a gap looks back, so a row updated n times needs log2(n) rounds.
constexpr auto step_back = R"(
CREATE OR REPLACE TEMP TABLE gap_before AS SELECT * FROM gap;
CREATE OR REPLACE TEMP TABLE gap AS
SELECT g.row, g.name, CASE WHEN s.row IS NULL THEN g.source ELSE s.source END AS source,
       CASE WHEN s.row IS NULL THEN g.known_cut ELSE s.known_cut END AS known_cut,
       CASE WHEN s.row IS NULL THEN g.known_position ELSE s.known_position END AS known_position,
       CASE WHEN s.row IS NULL THEN g.known_ordinal ELSE s.known_ordinal END AS known_ordinal
FROM gap_before g LEFT JOIN gap_before s ON s.row = g.source AND s.name = g.name)";

constexpr auto fill_from_stage = R"(
UPDATE stage SET c{0} = source.c{0} FROM gap g, stage source
WHERE g.name = {1} AND stage.row = g.row AND source.row = g.source)";

constexpr auto fill_from_history = R"(
UPDATE stage SET c{0} = h.{2} FROM gap g, {3} h
WHERE g.name = {1} AND stage.row = g.row AND g.source IS NULL AND h.from_cut = g.known_cut
  AND h.commit_position = g.known_position AND h.ordinal = g.known_ordinal)";

Status follow_gaps(sql::SqlSession& session) {
    while (true) {
        TRY_LET(const auto steps, query_counts(session, count_steps));
        if (steps[0] == 0) {
            return {};
        }
        TRY(session.execute(step_back));
    }
}

Status fill(sql::SqlSession& session, const Segment& segment, const std::string& name) {
    const catalog::Column* column = segment.contract->find_column(name);
    if (column == nullptr) {
        return fail(ErrorKind::corrupt, "_unchanged names a column that the table does not have");
    }
    const std::string text = sql::quote_literal(name);
    TRY(session.execute(fmt::format(fill_from_stage, column->id, text)));
    TRY(session.execute(fmt::format(fill_from_history, column->id, text,
                                    sql::quote_identifier(segment.history->column(column->id).name),
                                    segment.history->qualified_name())));
    return {};
}

}  // namespace

Status resolve_unchanged(sql::SqlSession& session, const Segment& segment, TableCounts& counts) {
    const std::string keys =
        join_columns(key_columns(*segment.contract), ", ",
                     [](const auto& column) { return sql::quote_literal(column.name); });
    TRY(session.execute(fmt::format(find_gaps, keys)));
    TRY(follow_gaps(session));
    TRY_LET(const auto names, session.query("SELECT DISTINCT name FROM gap ORDER BY name"));
    for (const auto& row : names.rows) {
        TRY(fill(session, segment, row.front().value_or("")));
    }
    TRY_LET(const auto unresolved, query_counts(session,
                                                "SELECT count(*) FROM gap WHERE source IS NULL AND "
                                                "known_cut IS NULL"));
    counts.unresolved += unresolved[0];
    return {};
}

}  // namespace weir::warehouse
