#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>

#include <string>

#include "warehouse/history_constants.h"
#include "warehouse/merge.h"
#include "warehouse/merge_sql.h"

namespace weir::warehouse {
namespace {

using catalog::Column;
using fmt::arg;

// The old image is whole, so a value that the log did not carry twice is in it.
constexpr auto fill_unchanged = R"(
UPDATE stage SET c{0} = b{0} FROM sequence q
WHERE q.row = stage.row AND q.segment = {1} AND stage.op = 'u'
  AND list_contains(stage.unchanged, {2}))";

// `picture`: the different old images, by number; only rows that equal one of them can end.
// `change`: the segment's changes. `atom` ends (part 0) or begins (part 1) a row of a picture.
constexpr auto make_atoms = R"(
CREATE OR REPLACE TEMP TABLE change AS
SELECT s.row, q.seq, s.op, s.cut, s.position, s.ordinal, s.time
FROM stage s JOIN sequence q ON q.row = s.row WHERE q.segment = {segment} AND s.op <> 't';
CREATE OR REPLACE TEMP TABLE picture AS
SELECT row_number() OVER () AS number, * FROM (
    SELECT DISTINCT {old_values} FROM stage s JOIN change c ON c.row = s.row
    WHERE c.op IN ('u', 'd'));
CREATE OR REPLACE TEMP TABLE atom AS
SELECT c.row, c.seq, 0 AS part, c.time, p.number AS picture
FROM change c JOIN stage s ON s.row = c.row JOIN picture p ON {same_as_old} WHERE c.op IN ('u', 'd')
UNION ALL
SELECT c.row, c.seq, 1, c.time, p.number
FROM change c JOIN stage s ON s.row = c.row JOIN picture p ON {same_as_new} WHERE c.op <> 'd')";

constexpr auto find_known = R"(
CREATE OR REPLACE TEMP TABLE known AS
SELECT p.number AS picture, h.from_cut AS cut, h.commit_position AS position, h.ordinal,
       h.valid_from AS time
FROM {history} h JOIN picture p ON {same_as_history} WHERE h.to_cut = {open})";

// Equal rows stand in a queue, oldest first: the n-th end that finds a row takes the n-th row.
// `lost` counts the ends so far that found the queue empty.
constexpr auto make_queue = R"(
CREATE OR REPLACE TEMP TABLE queue AS
WITH line AS (
    SELECT picture, NULL::BIGINT AS row, 1 AS part, cut, position, ordinal, time, 0 AS seq
    FROM known UNION ALL
    SELECT picture, row, part, NULL, NULL, NULL, time, seq FROM atom),
counted AS (
    SELECT *, count(*) FILTER (part = 1) OVER queue AS begun,
           count(*) FILTER (part = 0) OVER queue AS ended
    FROM line WINDOW queue AS (
        PARTITION BY picture ORDER BY seq, cut, position, ordinal, part
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)),
losing AS (
    SELECT *, greatest(0, max(ended - begun) OVER queue) AS lost
    FROM counted WINDOW queue AS (
        PARTITION BY picture ORDER BY seq, cut, position, ordinal, part
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
SELECT *, lost > lag(lost, 1, 0) OVER (
    PARTITION BY picture ORDER BY seq, cut, position, ordinal, part) AS missing
FROM losing)";

// Which change ends which row, and when: a row's times never go back along its updates.
constexpr auto make_pairs = R"(
CREATE OR REPLACE TEMP TABLE pair AS
SELECT e.row AS ender, b.row AS begun_row, b.cut, b.position, b.ordinal, b.time
FROM queue e JOIN queue b ON b.picture = e.picture AND b.part = 1 AND b.begun = e.ended - e.lost
WHERE e.part = 0 AND NOT e.missing;
CREATE OR REPLACE TEMP TABLE moment AS
SELECT c.row, p.begun_row AS source,
       greatest(c.time, CASE WHEN p.begun_row IS NULL THEN p.time END) AS time
FROM change c LEFT JOIN pair p ON p.ender = c.row)";

constexpr auto step_back = R"(
CREATE OR REPLACE TEMP TABLE moment_before AS SELECT * FROM moment;
CREATE OR REPLACE TEMP TABLE moment AS
SELECT m.row, s.source, greatest(m.time, s.time) AS time
FROM moment_before m LEFT JOIN moment_before s ON s.row = m.source)";

constexpr auto end_known = R"(
UPDATE {history} AS h
SET valid_to = m.time, to_cut = c.cut, end_position = c.position, end_ordinal = c.ordinal
FROM pair p JOIN moment m ON m.row = p.ender JOIN change c ON c.row = p.ender
WHERE p.begun_row IS NULL AND h.from_cut = p.cut AND h.commit_position = p.position
  AND h.ordinal = p.ordinal AND h.to_cut = {open})";

constexpr auto begin_versions = R"(
{insert}
SELECT {values}m.time, coalesce(em.time, {open_time}), c.cut, coalesce(ec.cut, {open}),
       c.position, c.ordinal, ec.position, ec.ordinal, c.op
FROM change c JOIN stage s ON s.row = c.row JOIN moment m ON m.row = c.row
LEFT JOIN pair p ON p.begun_row = c.row
LEFT JOIN change ec ON ec.row = p.ender LEFT JOIN moment em ON em.row = p.ender
WHERE c.op <> 'd')";

// Text tells -0 from 0; everything else is equal as it is.
std::string exact(const Column& column, const std::string& value) {
    const bool floating = arrow::is_floating(column.landed_type->id());
    return floating ? value + "::VARCHAR" : value;
}

class RowMerge {
public:
    explicit RowMerge(const Segment& segment) : segment_(segment) {}

    std::string atoms() const {
        return fmt::format(
            make_atoms, arg("segment", segment_.number),
            arg("old_values", list(", ",
                                   [](const Column& column) {
                                       const std::string value = fmt::format("s.b{}", column.id);
                                       return fmt::format("{} AS v{}", exact(column, value),
                                                          column.id);
                                   })),
            arg("same_as_old", same("s.b")), arg("same_as_new", same("s.c")));
    }

    std::string known() const {
        return fmt::format(
            find_known, arg("history", segment_.history->qualified_name()), arg("open", open_cut),
            arg("same_as_history", list(" AND ", [this](const Column& column) {
                    const std::string name =
                        "h." + sql::quote_identifier(segment_.history->column(column.id).name);
                    return fmt::format("{} IS NOT DISTINCT FROM p.v{}", exact(column, name),
                                       column.id);
                })));
    }

    std::string ends() const {
        return fmt::format(end_known, arg("history", segment_.history->qualified_name()),
                           arg("open", open_cut));
    }

    std::string begins() const {
        std::string values;
        for (const HistoryColumn& column : segment_.history->columns) {
            values += fmt::format("s.c{}, ", column.id);
        }
        return fmt::format(begin_versions, arg("insert", insert_versions(*segment_.history)),
                           arg("values", values), arg("open_time", open_time_sql),
                           arg("open", open_cut));
    }

private:
    template <typename Make>
    std::string list(std::string_view between, Make make) const {
        return join_columns(segment_.contract->columns, between, make);
    }
    std::string same(const std::string& prefix) const {
        return list(" AND ", [&](const Column& column) {
            return fmt::format("{} IS NOT DISTINCT FROM p.v{}",
                               exact(column, fmt::format("{}{}", prefix, column.id)), column.id);
        });
    }

    const Segment& segment_;
};

Status fill_from_old_image(sql::SqlSession& session, const Segment& segment) {
    TRY_LET(const auto names,
            session.query(fmt::format("SELECT DISTINCT unnest(s.unchanged) FROM stage s JOIN "
                                      "sequence q ON q.row = s.row WHERE q.segment = {}",
                                      segment.number)));
    for (const auto& row : names.rows) {
        const catalog::Column* column = segment.contract->find_column(row.front().value_or(""));
        if (column == nullptr) {
            return fail(ErrorKind::corrupt,
                        "_unchanged names a column that the table does not have");
        }
        TRY(session.execute(fmt::format(fill_unchanged, column->id, segment.number,
                                        sql::quote_literal(column->name))));
    }
    return {};
}

Status follow_moments(sql::SqlSession& session) {
    while (true) {
        TRY_LET(const auto steps,
                query_counts(session, "SELECT count(*) FROM moment WHERE source IS NOT NULL"));
        if (steps[0] == 0) {
            return {};
        }
        TRY(session.execute(step_back));
    }
}

}  // namespace

Status merge_by_row(sql::SqlSession& session, const Segment& segment, TableCounts& counts) {
    const RowMerge merge(segment);
    TRY(fill_from_old_image(session, segment));
    TRY(session.execute(merge.atoms()));
    TRY(session.execute(merge.known()));
    TRY(session.execute(make_queue));
    TRY(session.execute(make_pairs));
    TRY(follow_moments(session));
    TRY_LET(const auto missing, query_counts(session, "SELECT count(*) FROM queue WHERE missing"));
    TRY_LET(const std::uint64_t ended, session.execute(merge.ends()));
    TRY_LET(const std::uint64_t begun, session.execute(merge.begins()));
    counts.missing += segment.pieced ? 0 : missing[0];
    counts.ended += ended;
    counts.begun += begun;
    return {};
}

}  // namespace weir::warehouse
