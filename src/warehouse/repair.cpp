#include "warehouse/repair.h"

#include <fmt/format.h>

#include <string>

#include "warehouse/history_constants.h"
#include "warehouse/merge_sql.h"

namespace weir::warehouse {
namespace {

using catalog::Column;
using fmt::arg;

// Keys that the reading has, or that were there after it: a change that names one says so.
constexpr auto find_present_keys = R"(
CREATE OR REPLACE TEMP TABLE present AS
SELECT {new_keys} FROM stage WHERE op = 'r' OR (op IN ('c', 'u') AND position >= {position})
UNION
SELECT {old_keys} FROM stage
WHERE op IN ('u', 'd') AND position >= {position} AND b{first} IS NOT NULL)";

// Keys that would stand at the reading if the log had told everything. After a TRUNCATE none does.
constexpr auto find_expected_keys = R"(
CREATE OR REPLACE TEMP TABLE expected AS
SELECT {history_keys} FROM {history} h WHERE h.to_cut = {open}
UNION
SELECT {new_keys} FROM stage WHERE op IN ('c', 'u') AND position < {position})";

constexpr auto insert_deletes = R"(
INSERT INTO stage (row, op, cut, position, ordinal, time, version, {columns})
SELECT (SELECT coalesce(max(row), -1) FROM stage) + row_number() OVER (), 'd', {cut}, {position} - 1,
       -row_number() OVER (), make_timestamptz({time}), {version}, {values}
FROM {rows})";

constexpr auto was_truncated =
    "SELECT count(*) FROM stage WHERE op = 't' AND position >= {position}";

// The n-th of equal rows is the n-th of those that are equal to it on the other side.
constexpr auto number_rows = R"(
CREATE OR REPLACE TEMP TABLE standing AS
SELECT {history_values}, row_number() OVER (PARTITION BY {partition}) AS n
FROM {history} h WHERE h.to_cut = {open};
CREATE OR REPLACE TEMP TABLE reading AS
SELECT row, {stage_values}, row_number() OVER (PARTITION BY {stage_partition} ORDER BY row) AS n
FROM stage WHERE op = 'r')";

constexpr auto forget_standing = R"(
DELETE FROM stage WHERE row IN (
    SELECT r.row FROM reading r JOIN standing s ON r.n = s.n AND {same}))";

class RepairSql {
public:
    explicit RepairSql(const Repair& repair) : repair_(repair) {}

    std::string position() const { return fmt::format("{}", repair_.reading.position.offset()); }
    std::string history() const { return repair_.history.qualified_name(); }
    std::string name(const Column& column) const {
        return "h." + sql::quote_identifier(repair_.history.column(column.id).name);
    }
    std::string deletes(const std::vector<Column>& columns, const std::string& rows) const {
        return fmt::format(
            insert_deletes, arg("cut", repair_.cut.value), arg("position", position()),
            arg("time", repair_.reading.time.time_since_epoch().count()),
            arg("version", repair_.contract.version.number), arg("rows", rows),
            arg("columns",
                join_columns(columns, ", ",
                             [](const Column& column) { return fmt::format("b{}", column.id); })),
            arg("values", join_columns(columns, ", ", [](const Column& column) {
                    return fmt::format("v{}", column.id);
                })));
    }

private:
    const Repair& repair_;
};

}  // namespace

Status add_lost_deletes(sql::SqlSession& session, const Repair& repair) {
    const RepairSql text(repair);
    TRY_LET(const auto truncates,
            query_counts(session, fmt::format(was_truncated, arg("position", text.position()))));
    if (truncates[0] > 0) {
        return {};  // It ended all that stood at the reading.
    }
    const auto keys = key_columns(repair.contract);
    const std::string new_keys = join_columns(keys, ", ", [](const Column& key) {
        return fmt::format("coalesce(c{0}, b{0}) AS v{0}", key.id);
    });
    const std::string old_keys = join_columns(
        keys, ", ", [](const Column& key) { return fmt::format("b{0} AS v{0}", key.id); });
    const std::string history_keys = join_columns(keys, ", ", [&](const Column& key) {
        return fmt::format("{} AS v{}", text.name(key), key.id);
    });
    TRY(session.execute(fmt::format(find_present_keys, arg("new_keys", new_keys),
                                    arg("old_keys", old_keys), arg("first", keys.front().id),
                                    arg("position", text.position()))));
    TRY(session.execute(fmt::format(find_expected_keys, arg("history_keys", history_keys),
                                    arg("history", text.history()), arg("open", open_cut),
                                    arg("new_keys", new_keys), arg("position", text.position()))));
    TRY(session.execute(text.deletes(keys, "(FROM expected EXCEPT FROM present)")));
    return {};
}

Status add_lost_differences(sql::SqlSession& session, const Repair& repair) {
    const RepairSql text(repair);
    const auto& columns = repair.contract.columns;
    const auto list = [&](std::string_view between, const auto& make) {
        return join_columns(columns, between, make);
    };
    TRY(session.execute(fmt::format(
        number_rows, arg("history", text.history()), arg("open", open_cut),
        arg("history_values", list(", ",
                                   [&](const Column& column) {
                                       return fmt::format("{} AS v{}", text.name(column),
                                                          column.id);
                                   })),
        arg("partition", list(", ", [&](const Column& column) { return text.name(column); })),
        arg("stage_values",
            list(", ",
                 [](const Column& column) { return fmt::format("c{0} AS v{0}", column.id); })),
        arg("stage_partition",
            list(", ", [](const Column& column) { return fmt::format("c{}", column.id); })))));
    const std::string same = list(" AND ", [](const Column& column) {
        return fmt::format("r.v{0} IS NOT DISTINCT FROM s.v{0}", column.id);
    });
    TRY(session.execute(fmt::format(forget_standing, arg("same", same))));
    TRY(session.execute(text.deletes(
        columns, fmt::format("(SELECT s.* FROM standing s ANTI JOIN reading r ON r.n = s.n AND {})",
                             same))));
    return {};
}

}  // namespace weir::warehouse
