#include "warehouse/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/ascii_text.h"
#include "warehouse/column_type.h"
#include "warehouse/history_constants.h"
#include "warehouse/merge_sql.h"

namespace weir::warehouse {
namespace {

using catalog::Column;
using sql::quote_identifier;
using sql::quote_literal;

std::string view_name(const std::string& schema, const catalog::TableName& name) {
    return quote_identifier(schema) + "." + quote_identifier(name.table);
}

// A view may have names that the history needs for itself, but none twice in any case.
std::string current_columns(const HistoryTable& history, const catalog::TableContract& contract) {
    std::set<std::string> taken;
    return join_columns(contract.columns, ", ", [&](const Column& column) {
        const std::string& stored = history.column(column.id).name;
        const bool is_free = taken.insert(lower_case(column.name)).second;
        return fmt::format("{} AS {}", quote_identifier(stored),
                           quote_identifier(is_free ? column.name : stored));
    });
}

std::string empty_changes(const HistoryTable& history, const catalog::TableContract& contract) {
    const auto typed = [&](const Column& column) {
        return sql_type(*history.column(column.id).type);
    };
    const std::string image = join_columns(contract.columns, ", ", [&](const Column& column) {
        return fmt::format("{} {}", quote_identifier(column.name), typed(column));
    });
    const std::string columns = join_columns(contract.columns, ", ", [&](const Column& column) {
        return fmt::format("NULL::{} AS {}", typed(column),
                           quote_identifier(history.column(column.id).name));
    });
    return fmt::format(
        "SELECT NULL::VARCHAR AS _op, NULL::BIGINT AS _cut, NULL::BIGINT AS _commit_position, "
        "NULL::BIGINT AS _ordinal, NULL::BIGINT AS _transaction_id, NULL::TIMESTAMPTZ AS "
        "_commit_time, NULL::INTEGER AS _schema_version, NULL::DATE AS _load_dt, "
        "NULL::VARCHAR[] AS _unchanged, NULL::STRUCT({}) AS _before, {} WHERE false",
        image, columns);
}

// The folder may hold files that no entry names: only those that were loaded are shown. The file
// list is read from a table, so that the view's text stays short however many cuts there are.
std::string changes_of_files(const catalog::TableName& name, const std::string& store_folder) {
    const std::string root = store_folder + "/";
    return fmt::format(
        "SELECT * EXCLUDE (filename, load_dt) FROM read_parquet({}, union_by_name = true, "
        "filename = true, hive_partitioning = true) WHERE filename IN (SELECT {} || path "
        R"(FROM weir_ops.change_file WHERE "schema" = {} AND "table" = {}))",
        quote_literal(root + "processing/" + name.to_string() + "/*/*.parquet"),
        quote_literal(root), quote_literal(name.schema), quote_literal(name.table));
}

}  // namespace

Status create_current_view(sql::SqlSession& session, const HistoryTable& history,
                           const catalog::TableContract& contract) {
    TRY(session.execute(fmt::format(
        "CREATE SCHEMA IF NOT EXISTS {}; CREATE OR REPLACE VIEW {} AS SELECT {} FROM {} "
        "WHERE to_cut = {}",
        quote_identifier(contract.name.schema), view_name(contract.name.schema, contract.name),
        current_columns(history, contract), history.qualified_name(), open_cut)));
    return {};
}

Status create_changes_view(sql::SqlSession& session, const HistoryTable& history,
                           const catalog::TableContract& contract,
                           const std::string& store_folder) {
    if (store_folder.empty()) {
        return {};
    }
    TRY_LET(const auto files,
            query_counts(session, fmt::format("SELECT count(*) FROM weir_ops.change_file WHERE "
                                              R"("schema" = {} AND "table" = {})",
                                              quote_literal(contract.name.schema),
                                              quote_literal(contract.name.table))));
    const std::string schema = contract.name.schema + "_changes";
    TRY(session.execute(
        fmt::format("CREATE SCHEMA IF NOT EXISTS {}; CREATE OR REPLACE VIEW {} AS {}",
                    quote_identifier(schema), view_name(schema, contract.name),
                    files[0] == 0 ? empty_changes(history, contract)
                                  : changes_of_files(contract.name, store_folder))));
    return {};
}

std::string as_of_sql(const HistoryTable& history, const catalog::TableContract& contract,
                      ledger::CutNumber cut) {
    return fmt::format("SELECT {} FROM {} WHERE from_cut <= {} AND to_cut > {}",
                       current_columns(history, contract), history.qualified_name(), cut.value,
                       cut.value);
}

}  // namespace weir::warehouse
