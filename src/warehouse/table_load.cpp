#include "warehouse/table_load.h"

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "warehouse/column_type.h"
#include "warehouse/first_versions.h"
#include "warehouse/history_constants.h"
#include "warehouse/merge.h"
#include "warehouse/merge_sql.h"
#include "warehouse/repair.h"
#include "warehouse/stage.h"

namespace weir::warehouse {
namespace {

// Segments are cut before each truncate and each change of the table's version.
constexpr auto make_sequence = R"(
CREATE OR REPLACE TEMP TABLE sequence AS
SELECT row, seq, repeats, sum(begins) OVER (ORDER BY seq) AS segment FROM (
    SELECT row, row_number() OVER line AS seq,
           cut = lag(cut) OVER line AND position = lag(position) OVER line
               AND ordinal = lag(ordinal) OVER line AS repeats,
           CASE WHEN op = 't' OR version IS DISTINCT FROM lag(version) OVER line
                THEN 1 ELSE 0 END AS begins
    FROM stage WINDOW line AS (ORDER BY cut, position, ordinal)))";

constexpr auto count_faults = R"(
SELECT (SELECT count(*) FROM sequence WHERE repeats), count(*) FILTER (cut <= {} OR cut > {}),
       count(*) FILTER (op NOT IN ('r', 'c', 'u', 'd', 't')) FROM stage)";

constexpr auto list_segments = R"(
SELECT q.segment::BIGINT, any_value(s.version)::BIGINT, count(*) FILTER (s.op = 't'),
       count(*) FILTER (s.op <> 't')
FROM stage s JOIN sequence q ON q.row = s.row GROUP BY q.segment ORDER BY q.segment)";

constexpr auto end_all = R"(
UPDATE {history} AS h
SET valid_to = greatest(t.time, h.valid_from), to_cut = t.cut, end_position = t.position,
    end_ordinal = t.ordinal
FROM (SELECT s.* FROM stage s JOIN sequence q ON q.row = s.row
      WHERE q.segment = {segment} AND s.op = 't') t
WHERE h.to_cut = {open})";

std::int64_t number(const std::optional<std::string>& text) {
    std::int64_t value = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return value;
}

// Deletes and key changes need the old key; a table without a key needs its whole old row.
std::set<std::uint32_t> before_ids(const Load& load, const HistoryTable& history) {
    std::set<std::uint32_t> ids;
    for (const auto& contract : load.contracts) {
        if (contract->name != history.name) {
            continue;
        }
        for (const catalog::Column& column : contract->columns) {
            if (column.in_key || !contract->has_key()) {
                ids.insert(column.id);
            }
        }
    }
    return ids;
}

}  // namespace

TableLoad::TableLoad(sql::SqlSession& session, ProcessingFiles& files, const Load& load,
                     const HistoryTable& history)
    : session_(session), files_(files), load_(load), history_(history) {}

Result<TableCounts> TableLoad::run() {
    std::size_t first_cut = 0;
    if (!load_.cuts.empty() && load_.cuts.front().has_chunks_of(history_.name)) {
        const RefinedFiles& cut = load_.cuts.front();
        const auto returned = cut.returned.find(history_.name);
        returned_ = returned != cut.returned.end();
        TRY_LET(const bool has_rows, has_history());
        repairs_ = returned_ && has_rows;
        pieced_ = repairs_ || cut.pieced.contains(history_.name) ||
                  (returned_ && !returned->second.empty());
        if (!pieced_ && !has_rows) {
            TRY(load_snapshot(cut));
            first_cut = 1;
        }
    }
    TRY(load_changes(first_cut));
    return counts_;
}

Result<const catalog::TableContract*> TableLoad::find_contract(
    catalog::SchemaVersion version) const {
    const auto found = std::ranges::find_if(load_.contracts, [&](const auto& contract) {
        return contract->name == history_.name && contract->version == version;
    });
    if (found == load_.contracts.end()) {
        return fail(ErrorKind::invalid, "no contract is given for version {}", version.number);
    }
    return found->get();
}

template <typename Take>
Status TableLoad::read_file(const RefinedFile& file, const catalog::TableContract& contract,
                            Take take) {
    TRY_LET(const auto reader, files_.open(file));
    std::uint64_t rows = 0;
    while (true) {
        TRY_LET(const auto batch, reader->next());
        if (batch == nullptr) {
            break;
        }
        rows += static_cast<std::uint64_t>(batch->num_rows());
        TRY(take(*batch, contract));
    }
    if (rows != file.file.rows) {
        return fail(ErrorKind::corrupt,
                    "the file has other rows than the ledger says, rows={}, "
                    "expected={}",
                    rows, file.file.rows);
    }
    counts_.rows += rows;
    return {};
}

template <typename Take>
Status TableLoad::read_cut(const RefinedFiles& cut, Take take) {
    for (const RefinedFile& file : cut.files) {
        if (file.file.table == history_.name) {
            TRY_LET(const auto* contract, find_contract(file.file.schema_version));
            TRY(read_file(file, *contract, take).with(file.file.path));
        }
    }
    return {};
}

Result<bool> TableLoad::has_history() {
    TRY_LET(const auto rows, session_.query(fmt::format("SELECT 1::BIGINT FROM {} LIMIT 1",
                                                        history_.qualified_name())));
    return !rows.rows.empty();
}

Status TableLoad::load_snapshot(const RefinedFiles& cut) {
    TRY_LET(const auto shape,
            session_.query(fmt::format("SELECT * FROM {} LIMIT 0", history_.qualified_name())));
    const std::uint64_t rows_before = counts_.rows;
    TRY(read_cut(
        cut, [&](const arrow::RecordBatch& rows, const catalog::TableContract& contract) -> Status {
            TRY_LET(const auto versions,
                    shape_first_versions(rows, contract, history_, shape.columns));
            const catalog::TableName history = history_name(history_.name);
            return session_.append(history.schema, history.table, *versions);
        }));
    counts_.begun += counts_.rows - rows_before;
    return check_snapshot_keys();
}

Status TableLoad::check_snapshot_keys() {
    for (const auto& contract : load_.contracts) {
        if (contract->name != history_.name || contract->version != history_.version ||
            !contract->has_key()) {
            continue;
        }
        const std::string keys =
            join_columns(key_columns(*contract), ", ", [this](const auto& column) {
                return sql::quote_identifier(history_.column(column.id).name);
            });
        TRY_LET(const auto twice,
                query_counts(session_, fmt::format("SELECT count(*) FROM (SELECT {0} FROM {1} "
                                                   "GROUP BY ALL HAVING count(*) > 1)",
                                                   keys, history_.qualified_name())));
        if (twice[0] > 0) {
            return fail(ErrorKind::corrupt, "the snapshot has keys twice, keys={}", twice[0]);
        }
    }
    return {};
}

Status TableLoad::load_changes(std::size_t first_cut) {
    Stage stage(history_, before_ids(load_, history_));
    TRY(stage.create(session_));
    for (std::size_t cut = first_cut; cut < load_.cuts.size(); ++cut) {
        TRY(read_cut(load_.cuts[cut],
                     [&](const arrow::RecordBatch& rows, const catalog::TableContract& contract) {
                         return stage.append(session_, rows, contract);
                     }));
    }
    if (returned_) {
        TRY(read_returned(stage));
    }
    if (stage.rows() == 0 && !repairs_) {
        return {};
    }
    TRY(fill_missing_values());
    if (pieced_ && !has_key()) {
        TRY(forget_seen_changes());
    }
    if (repairs_) {
        TRY(repair());
    }
    TRY(put_in_order());
    return merge_segments();
}

/// Rows of an older version have in a column that came later what the source says, not null.
Status TableLoad::fill_missing_values() {
    for (const catalog::Column& column : newest_contract().columns) {
        for (const auto& contract : load_.contracts) {
            const bool is_older =
                contract->name == history_.name && column.missing_value &&
                std::ranges::find(contract->columns, column.id, &catalog::Column::id) ==
                    contract->columns.end();
            if (is_older) {
                const HistoryColumn& kept = history_.column(column.id);
                TRY(session_.execute(
                    fmt::format("UPDATE stage SET c{0} = CAST({1} AS {2}) WHERE version = {3} AND "
                                "op <> 'd' AND "
                                "op <> 't'",
                                column.id, sql::quote_literal(*column.missing_value),
                                sql_type(*kept.type), contract->version.number)));
            }
        }
    }
    return {};
}

/// What the table has changed while it was set aside is of the cut that brings it back.
Status TableLoad::read_returned(Stage& stage) {
    const RefinedFiles& cut = load_.cuts.front();
    for (const RefinedFile& file : cut.returned.at(history_.name)) {
        TRY_LET(const auto* contract, find_contract(file.file.schema_version));
        const auto append = [&](const arrow::RecordBatch& rows,
                                const catalog::TableContract& shape) {
            return stage.append(session_, rows, shape);
        };
        TRY(read_file(file, *contract, append).with(file.file.path));
    }
    TRY(session_.execute(fmt::format("UPDATE stage SET cut = {}", cut.cut.value)));
    return {};
}

Status TableLoad::repair() {
    TRY_LET(const auto versions,
            query_counts(session_, "SELECT max(version) FROM stage WHERE op = 'r'"));
    const catalog::TableContract* contract = &newest_contract();
    if (versions[0] > 0) {
        TRY_LET(contract, find_contract({static_cast<std::uint32_t>(versions[0])}));
    }
    const Repair repair{.history = history_,
                        .contract = *contract,
                        .cut = load_.cuts.front().cut,
                        .reading = load_.cuts.front().reading};
    return contract->has_key() ? add_lost_deletes(session_, repair)
                               : add_lost_differences(session_, repair);
}

const catalog::TableContract& TableLoad::newest_contract() const {
    const auto newest = std::ranges::max_element(load_.contracts, {}, [this](const auto& contract) {
        return contract->name == history_.name ? contract->version.number : 0;
    });
    return **newest;
}

bool TableLoad::has_key() const {
    return std::ranges::any_of(load_.contracts, [this](const auto& contract) {
        return contract->name == history_.name && contract->has_key();
    });
}

/// The chunks of a table without a key are of one reading, which has seen what was before.
Status TableLoad::forget_seen_changes() {
    TRY(session_.execute(fmt::format(
        "DELETE FROM stage WHERE op <> 'r' AND position < (SELECT coalesce(max(position), {}) FROM "
        "stage WHERE op = 'r')",
        load_.cuts.front().reading.position.offset())));
    return {};
}

Status TableLoad::put_in_order() {
    TRY(session_.execute(make_sequence));
    TRY_LET(const auto faults,
            query_counts(session_, fmt::format(count_faults, load_.from.value, load_.to.value)));
    if (faults[0] + faults[1] + faults[2] > 0) {
        return fail(ErrorKind::corrupt,
                    "processing files hold the same change twice, changes of other cuts, or an "
                    "unknown operation, repeated={}, elsewhere={}, unknown={}",
                    faults[0], faults[1], faults[2]);
    }
    return {};
}

Status TableLoad::merge_segments() {
    TRY_LET(const auto segments, session_.query(list_segments));
    for (const auto& row : segments.rows) {
        const std::int64_t segment = number(row[0]);
        if (number(row[2]) > 0) {
            TRY(truncate(segment));
        }
        if (number(row[3]) > 0) {
            TRY_LET(const auto* contract,
                    find_contract({static_cast<std::uint32_t>(number(row[1]))}));
            TRY(merge(*contract, segment));
        }
    }
    return {};
}

Status TableLoad::merge(const catalog::TableContract& contract, std::int64_t segment) {
    const Segment part{
        .number = segment, .contract = &contract, .history = &history_, .pieced = pieced_};
    return contract.has_key() ? merge_by_key(session_, part, counts_)
                              : merge_by_row(session_, part, counts_);
}

Status TableLoad::truncate(std::int64_t segment) {
    TRY_LET(
        const std::uint64_t ended,
        session_.execute(fmt::format(end_all, fmt::arg("history", history_.qualified_name()),
                                     fmt::arg("segment", segment), fmt::arg("open", open_cut))));
    counts_.ended += ended;
    return {};
}

}  // namespace weir::warehouse
