#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "sql/sql_session.h"
#include "warehouse/history_table.h"

namespace weir::warehouse {

/// Joins `make(column)` over columns.
std::string join_columns(const std::vector<catalog::Column>& columns, std::string_view between,
                         const std::function<std::string(const catalog::Column&)>& make);

std::vector<catalog::Column> key_columns(const catalog::TableContract& contract);

/// Runs a statement that returns one row of counts; null counts as zero.
Result<std::vector<std::uint64_t>> query_counts(sql::SqlSession& session,
                                                std::string_view statement);

/// `INSERT INTO <history> (<columns>, valid_from, ..., op)`: the head that both merges share.
std::string insert_versions(const HistoryTable& history);

}  // namespace weir::warehouse
