#include "warehouse/warehouse.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ranges>
#include <set>
#include <utility>

#include "sql/read_only.h"
#include "sql/transaction.h"
#include "warehouse/history_catalog.h"
#include "warehouse/history_table.h"
#include "warehouse/merge_sql.h"
#include "warehouse/table_load.h"
#include "warehouse/views.h"

namespace weir::warehouse {
namespace {

using sql::quote_literal;

std::set<catalog::TableName> tables_of(const Load& load) {
    std::set<catalog::TableName> tables;
    for (const RefinedFiles& cut : load.cuts) {
        for (const RefinedFile& file : cut.files) {
            tables.insert(file.file.table);
        }
        for (const auto& [table, files] : cut.returned) {
            tables.insert(table);
        }
    }
    return tables;
}

Status check_cuts(const Load& load) {
    if (load.to <= load.from) {
        return fail(ErrorKind::invalid, "cannot load no cuts, from={}, to={}", load.from.value,
                    load.to.value);
    }
    ledger::CutNumber last = load.from;
    for (const RefinedFiles& cut : load.cuts) {
        if (cut.cut <= last || cut.cut > load.to) {
            return fail(ErrorKind::invalid, "cannot load cuts that are not in order, cut={}",
                        cut.cut.value);
        }
        last = cut.cut;
    }
    return {};
}

std::string counts_row(const Load& load, const catalog::TableName& table,
                       const TableCounts& counts) {
    return fmt::format(
        "INSERT INTO weir_ops.load_table VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, "
        "{});",
        load.from.value, load.to.value, quote_literal(table.schema), quote_literal(table.table),
        counts.rows, counts.begun, counts.ended, counts.missing, counts.collisions,
        counts.unresolved);
}

}  // namespace

Result<Warehouse> Warehouse::open(sql::SqlSession& session, const Clock& clock,
                                  WarehouseOptions options) {
    TRY_LET(auto transaction, sql::Transaction::begin(session));
    TRY(create_operations(session));
    TRY(std::move(transaction).commit());
    return Warehouse(session, clock, std::move(options));
}

Status Warehouse::prepare(
    const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts) {
    TRY_LET(auto transaction, sql::Transaction::begin(session_));
    for (const auto& contract : contracts) {
        TRY(prepare_table(*contract).with("cannot prepare " + contract->name.to_string()));
    }
    return std::move(transaction).commit();
}

Status Warehouse::prepare_table(const catalog::TableContract& contract) {
    TRY_LET(const auto before, read_history(session_, contract.name));
    if (before && before->version > contract.version) {
        return {};
    }
    if (!before) {
        TRY(check_names(contract.name));
    }
    const Evolution evolution = evolve(before, contract);
    for (const std::string& statement : evolution.statements) {
        TRY(session_.execute(statement));
    }
    TRY(save_history(session_, evolution.table));
    TRY(create_current_view(session_, evolution.table, contract));
    return before ? Status()
                  : create_changes_view(session_, evolution.table, contract, options_.store_folder);
}

// DuckDB tells names apart without their case, and a schema may be called like another's history.
Status Warehouse::check_names(const catalog::TableName& name) {
    TRY_LET(const auto taken,
            query_counts(
                session_,
                fmt::format(
                    "SELECT count(*) FROM information_schema.tables WHERE lower(table_name) = "
                    "lower({0}) AND lower(table_schema) IN (lower({1}), lower({1} || '_history'), "
                    "lower({1} || '_changes'))",
                    quote_literal(name.table), quote_literal(name.schema))));
    if (taken[0] > 0) {
        return fail(ErrorKind::unsupported,
                    "another table has this name, or this one in another case: leave one of them "
                    "out of the pipeline");
    }
    return {};
}

Status Warehouse::advance_cut(const Load& load) {
    TRY_LET(const std::uint64_t hit,
            session_.execute(fmt::format("UPDATE weir_ops.weir_cut SET cut = {} WHERE cut = {}",
                                         load.to.value, load.from.value)));
    if (hit != 1) {
        return fail(ErrorKind::conflict,
                    "the warehouse does not stand at this cut: look at it again, from={}, rows={}",
                    load.from.value, hit);
    }
    return {};
}

Result<LoadReport> Warehouse::load(const Load& load, ProcessingFiles& files) {
    const std::string context =
        fmt::format("cannot load cuts {} to {}", load.from.value + 1, load.to.value);
    const Timestamp started = clock_.now();
    const auto start = clock_.steady_now();
    TRY(check_cuts(load).with(context));
    TRY_LET(auto transaction, sql::Transaction::begin(session_).with(context));
    TRY(advance_cut(load).with(context));
    LoadReport report;
    for (const catalog::TableName& table : tables_of(load)) {
        TRY_LET(const TableCounts counts,
                load_table(load, table, files).with(table.to_string()).with(context));
        report.rows += counts.rows;
        report.tables.emplace(table, counts);
    }
    const std::chrono::duration<double> seconds = clock_.steady_now() - start;
    TRY(record_load(load, report, started, seconds.count()).with(context));
    TRY(std::move(transaction).commit().with(context));
    return report;
}

Result<TableCounts> Warehouse::load_table(const Load& load, const catalog::TableName& table,
                                          ProcessingFiles& files) {
    TRY_LET(const auto history, read_history(session_, table));
    const bool newer = std::ranges::any_of(load.contracts, [&](const auto& contract) {
        return contract->name == table && (!history || contract->version > history->version);
    });
    if (!history || newer) {
        return fail(ErrorKind::invalid, "the table's shape was not prepared for this load");
    }
    TableLoad table_load(session_, files, load, *history);
    TRY_LET(const TableCounts counts, table_load.run());
    TRY(record_files(load, table));
    return counts;
}

Status Warehouse::record_files(const Load& load, const catalog::TableName& table) {
    const std::string versions = fmt::format(
        R"(SELECT count(DISTINCT version) FROM weir_ops.change_file WHERE "schema" = {} AND )"
        R"("table" = {})",
        quote_literal(table.schema), quote_literal(table.table));
    TRY_LET(const auto before, query_counts(session_, versions));
    std::string statements;
    const auto add = [&](const RefinedFile& file) {
        statements += fmt::format("INSERT INTO weir_ops.change_file VALUES ({}, {}, {}, {});",
                                  quote_literal(table.schema), quote_literal(table.table),
                                  file.file.schema_version.number, quote_literal(file.key));
    };
    for (const RefinedFiles& cut : load.cuts) {
        const auto of_table = [&](const auto& file) { return file.file.table == table; };
        std::ranges::for_each(cut.files | std::views::filter(of_table), add);
        if (const auto returned = cut.returned.find(table); returned != cut.returned.end()) {
            std::ranges::for_each(returned->second, add);
        }
    }
    TRY(session_.execute(statements));
    TRY_LET(const auto after, query_counts(session_, versions));
    // The view's columns are those of all versions; DuckDB looks at every file to make it.
    return after == before ? Status() : replace_changes_view(load, table);
}

Status Warehouse::replace_changes_view(const Load& load, const catalog::TableName& table) {
    TRY_LET(const auto history, read_history(session_, table));
    const auto newest = std::ranges::max_element(load.contracts, {}, [&](const auto& contract) {
        return contract->name == table ? contract->version.number : 0;
    });
    return create_changes_view(session_, *history, **newest, options_.store_folder);
}

Status Warehouse::record_load(const Load& load, const LoadReport& report, Timestamp started,
                              double seconds) {
    std::string statements = fmt::format(
        "INSERT INTO weir_ops.load VALUES ({}, {}, {}, make_timestamptz({}), {});", load.from.value,
        load.to.value, report.rows, started.time_since_epoch().count(), seconds);
    for (const auto& [table, counts] : report.tables) {
        statements += counts_row(load, table, counts);
    }
    TRY(session_.execute(statements));
    return {};
}

Result<ledger::CutNumber> Warehouse::current_cut() {
    TRY_LET(const auto cut, query_counts(session_, "SELECT cut FROM weir_ops.weir_cut"));
    return ledger::CutNumber{cut[0]};
}

Result<sql::Rows> Warehouse::query(std::string_view statement) {
    return sql::query_read_only(session_, statement);
}

Result<std::string> Warehouse::as_of(const catalog::TableContract& contract,
                                     ledger::CutNumber cut) {
    TRY_LET(const auto history, read_history(session_, contract.name));
    if (!history) {
        return fail(ErrorKind::not_found, "the warehouse has no history, table={}",
                    contract.name.to_string());
    }
    return as_of_sql(*history, contract, cut);
}

}  // namespace weir::warehouse
