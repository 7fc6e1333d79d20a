#include "warehouse/merge_sql.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::warehouse {

std::string join_columns(const std::vector<catalog::Column>& columns, std::string_view between,
                         const std::function<std::string(const catalog::Column&)>& make) {
    std::string text;
    for (const catalog::Column& column : columns) {
        text += (text.empty() ? "" : std::string(between)) + make(column);
    }
    return text;
}

std::vector<catalog::Column> key_columns(const catalog::TableContract& contract) {
    std::vector<catalog::Column> keys;
    for (const catalog::Column& column : contract.columns) {
        if (column.in_key) {
            keys.push_back(column);
        }
    }
    return keys;
}

Result<std::vector<std::uint64_t>> query_counts(sql::SqlSession& session,
                                                std::string_view statement) {
    TRY_LET(const sql::Rows result, session.query(statement));
    if (result.rows.size() != 1) {
        return fail(ErrorKind::internal, "a statement of counts returned no single row, rows={}",
                    result.rows.size());
    }
    std::vector<std::uint64_t> counts;
    for (const auto& value : result.rows.front()) {
        std::uint64_t& count = counts.emplace_back(0);
        if (value) {
            std::from_chars(value->data(), value->data() + value->size(), count);
        }
    }
    return counts;
}

std::string insert_versions(const HistoryTable& history) {
    std::string names;
    for (const HistoryColumn& column : history.columns) {
        names += sql::quote_identifier(column.name) + ", ";
    }
    return fmt::format(
        "INSERT INTO {} ({}valid_from, valid_to, from_cut, to_cut, commit_position, ordinal, "
        "end_position, end_ordinal, op)",
        history.qualified_name(), names);
}

}  // namespace weir::warehouse
