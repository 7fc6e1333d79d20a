#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "warehouse/history_constants.h"
#include "warehouse/merge.h"
#include "warehouse/merge_sql.h"
#include "warehouse/unchanged_values.h"

namespace weir::warehouse {
namespace {

using catalog::Column;
using fmt::arg;

// An atom ends (part 0) or begins (part 1) a version of one key; a key change is both, of two keys.
// `needs`: its key must have an open version; `fresh`: it must not.
constexpr auto make_atoms = R"(
CREATE OR REPLACE TEMP TABLE atom AS
WITH change AS (
    SELECT s.row, q.seq, s.op, s.cut, s.position, s.ordinal, s.time, {new_keys}, {old_keys},
           s.op = 'd' OR (s.op = 'u' AND s.b{first} IS NOT NULL AND ({moved})) AS ends
    FROM stage s JOIN sequence q ON q.row = s.row WHERE q.segment = {segment} AND s.op <> 't')
SELECT row, seq, 0 AS part, op, cut, position, ordinal, time, {old_as_key},
       true AS needs, false AS fresh FROM change WHERE ends
UNION ALL
SELECT row, seq, 1, op, cut, position, ordinal, time, {keys},
       op = 'u' AND NOT ends, op = 'c' OR ends FROM change WHERE op <> 'd')";

// What history knows of the keys: the latest time, and the open version.
constexpr auto find_known = R"(
CREATE OR REPLACE TEMP TABLE known AS
SELECT {history_keys},
       max(CASE WHEN h.to_cut = {open} THEN h.valid_from ELSE h.valid_to END) AS time,
       max(h.from_cut) FILTER (h.to_cut = {open}) AS cut,
       max(h.commit_position) FILTER (h.to_cut = {open}) AS position,
       max(h.ordinal) FILTER (h.to_cut = {open}) AS ordinal,
       count(*) FILTER (h.to_cut = {open}) AS open_versions
FROM {history} h JOIN (SELECT DISTINCT {keys} FROM atom) t ON {same_as_history}
GROUP BY ALL)";

// Each key's atoms in order. The times of one key never go back, whatever the source's clock did;
// an end that found no version leaves no time behind, as in a load of its own.
constexpr auto chain_atoms = R"(
CREATE OR REPLACE TEMP TABLE chained AS
WITH placed AS (
    SELECT a.*, k.cut AS known_cut, k.position AS known_position, k.ordinal AS known_ordinal,
           k.time AS known_time, row_number() OVER chain AS place,
           lag(a.row) OVER chain AS before_row, lag(a.part) OVER chain AS before_part
    FROM atom a LEFT JOIN known k ON {same_as_known}
    WINDOW chain AS (PARTITION BY {atom_keys} ORDER BY a.seq, a.part)),
judged AS (
    SELECT *, (place = 1 AND known_cut IS NOT NULL) OR coalesce(before_part, 0) = 1 AS has_version
    FROM placed)
SELECT *, greatest(known_time, max(CASE WHEN part = 1 OR has_version THEN time END)
                               OVER (PARTITION BY {keys} ORDER BY seq, part)) AS moment
FROM judged)";

// What the window knows of a row only in part begins no version: a chunk has it whole.
constexpr auto drop_incomplete = R"(
DELETE FROM atom WHERE part = 1 AND row IN (
    SELECT row FROM gap WHERE source IS NULL AND known_cut IS NULL))";

// A chunk's row that is what the version before it is tells nothing new: it moved between two
// readings, or history had it from before.
constexpr auto drop_read_again = R"(
DELETE FROM atom WHERE op = 'r' AND row IN (
    SELECT c.row FROM chained c JOIN stage s ON s.row = c.row
    LEFT JOIN stage b ON c.before_part = 1 AND b.row = c.before_row
    LEFT JOIN {history} h ON c.place = 1 AND h.from_cut = c.known_cut
        AND h.commit_position = c.known_position AND h.ordinal = c.known_ordinal
    WHERE c.op = 'r' AND c.has_version
      AND CASE WHEN c.before_part = 1 THEN {same_as_stage} ELSE {same_as_history} END))";

constexpr auto count_oddities = R"(
SELECT count(*) FILTER (needs AND NOT has_version), count(*) FILTER (fresh AND has_version),
       count(*) FILTER ({key_is_null}), (SELECT count(*) FROM known WHERE open_versions > 1)
FROM chained)";

constexpr auto end_known = R"(
UPDATE {history} AS h
SET valid_to = c.moment, to_cut = c.cut, end_position = c.position, end_ordinal = c.ordinal
FROM chained c
WHERE c.place = 1 AND h.from_cut = c.known_cut AND h.commit_position = c.known_position
  AND h.ordinal = c.known_ordinal AND h.to_cut = {open})";

constexpr auto begin_versions = R"(
{insert}
SELECT {values}v.moment, coalesce(v.end_time, {open_time}), v.cut, coalesce(v.end_cut, {open}),
       v.position, v.ordinal, v.end_position, v.end_ordinal, v.op
FROM (SELECT *, lead(moment) OVER chain AS end_time, lead(cut) OVER chain AS end_cut,
             lead(position) OVER chain AS end_position, lead(ordinal) OVER chain AS end_ordinal
      FROM chained c WINDOW chain AS (PARTITION BY {keys} ORDER BY seq, part)) v
JOIN stage s ON s.row = v.row WHERE v.part = 1)";

class KeyMerge {
public:
    explicit KeyMerge(const Segment& segment)
        : segment_(segment), keys_(key_columns(*segment.contract)) {}

    std::string atoms() const {
        return fmt::format(
            make_atoms, arg("segment", segment_.number), arg("first", keys_.front().id),
            arg("keys", names("k")),
            arg("new_keys", list(", ",
                                 [](const Column& key) {
                                     // The log may leave out a long key that did not change; it is
                                     // in the old image.
                                     return fmt::format("coalesce(s.c{0}, s.b{0}) AS k{0}", key.id);
                                 })),
            arg("old_keys",
                list(", ",
                     [](const Column& key) { return fmt::format("s.b{0} AS o{0}", key.id); })),
            arg("old_as_key",
                list(", ", [](const Column& key) { return fmt::format("o{0} AS k{0}", key.id); })),
            arg("moved", list(" OR ", [](const Column& key) {
                    return fmt::format("s.b{0} IS DISTINCT FROM coalesce(s.c{0}, s.b{0})", key.id);
                })));
    }

    std::string known() const {
        return fmt::format(find_known, arg("history", segment_.history->qualified_name()),
                           arg("open", open_cut), arg("keys", names("k")),
                           arg("history_keys", list(", ",
                                                    [this](const Column& key) {
                                                        return fmt::format("h.{} AS k{}",
                                                                           history_name(key),
                                                                           key.id);
                                                    })),
                           arg("same_as_history", list(" AND ", [this](const Column& key) {
                                   return fmt::format("h.{} = t.k{}", history_name(key), key.id);
                               })));
    }

    std::string chains() const {
        return fmt::format(chain_atoms, arg("atom_keys", names("a.k")), arg("keys", names("k")),
                           arg("same_as_known", list(" AND ", [](const Column& key) {
                                   return fmt::format("a.k{0} = k.k{0}", key.id);
                               })));
    }

    std::string read_again() const {
        const auto same = [this](const auto& name) {
            return join_columns(segment_.contract->columns, " AND ", [&](const Column& column) {
                return fmt::format("s.c{} IS NOT DISTINCT FROM {}", column.id, name(column));
            });
        };
        return fmt::format(
            drop_read_again, arg("history", segment_.history->qualified_name()),
            arg("same_as_stage",
                same([](const Column& column) { return fmt::format("b.c{}", column.id); })),
            arg("same_as_history",
                same([this](const Column& column) { return "h." + history_name(column); })));
    }

    std::string oddities() const {
        return fmt::format(count_oddities, arg("key_is_null", list(" OR ", [](const Column& key) {
                                                   return fmt::format("k{} IS NULL", key.id);
                                               })));
    }

    std::string ends() const {
        return fmt::format(end_known, arg("history", segment_.history->qualified_name()),
                           arg("open", open_cut));
    }

    std::string begins() const {
        return fmt::format(begin_versions, arg("insert", insert_versions(*segment_.history)),
                           arg("values", values()), arg("open_time", open_time_sql),
                           arg("open", open_cut), arg("keys", names("k")));
    }

private:
    template <typename Make>
    std::string list(std::string_view between, Make make) const {
        return join_columns(keys_, between, make);
    }
    std::string names(std::string_view prefix) const {
        return list(", ", [&](const Column& key) { return fmt::format("{}{}", prefix, key.id); });
    }
    std::string history_name(const Column& column) const {
        return sql::quote_identifier(segment_.history->column(column.id).name);
    }
    std::string values() const {
        std::string text;
        for (const HistoryColumn& column : segment_.history->columns) {
            const auto key = std::ranges::find(keys_, column.id, &Column::id);
            text += fmt::format("{}{}, ", key == keys_.end() ? "s.c" : "v.k", column.id);
        }
        return text;
    }

    const Segment& segment_;
    std::vector<Column> keys_;
};

Status check_keys(sql::SqlSession& session, const KeyMerge& merge, bool pieced,
                  TableCounts& counts) {
    TRY_LET(const auto found, query_counts(session, merge.oddities()));
    // Around a reading a row may be deleted before it, and come back after a change that was lost.
    counts.missing += pieced ? 0 : found[0];
    counts.collisions += pieced ? 0 : found[1];
    if (found[2] > 0) {
        return fail(ErrorKind::corrupt, "changes without a key in a table that has one, rows={}",
                    found[2]);
    }
    if (found[3] > 0) {
        return fail(ErrorKind::corrupt, "history has keys with several open versions, keys={}",
                    found[3]);
    }
    return {};
}

/// Puts chunks in their place among the changes that they have seen, and those that they have not.
Status place_chunks(sql::SqlSession& session, const KeyMerge& merge, const Segment& segment) {
    TableCounts not_counted;  // What is unresolved here is dropped.
    TRY(resolve_unchanged(session, segment, not_counted));
    TRY(session.execute(drop_incomplete));
    TRY(session.execute(merge.chains()));
    TRY(session.execute(merge.read_again()));
    TRY(session.execute(merge.chains()));
    return {};
}

}  // namespace

Status merge_by_key(sql::SqlSession& session, const Segment& segment, TableCounts& counts) {
    const KeyMerge merge(segment);
    TRY(session.execute(merge.atoms()));
    TRY(session.execute(merge.known()));
    TRY(session.execute(merge.chains()));
    TRY(segment.pieced ? place_chunks(session, merge, segment)
                       : resolve_unchanged(session, segment, counts));
    TRY(check_keys(session, merge, segment.pieced, counts));
    TRY_LET(const std::uint64_t ended, session.execute(merge.ends()));
    TRY_LET(const std::uint64_t begun, session.execute(merge.begins()));
    counts.ended += ended;
    counts.begun += begun;
    return {};
}

}  // namespace weir::warehouse
