#include "app/proof.h"

#include <fmt/format.h>

#include <charconv>

#include "app/capture_stage.h"
#include "app/load_stage.h"
#include "reconcile/fingerprint.h"
#include "warehouse/history_table.h"

namespace weir::app {
namespace {

using Cells = std::vector<std::optional<std::string>>;

std::string quoted(const catalog::TableName& table) {
    return sql::quote_identifier(table.schema) + "." + sql::quote_identifier(table.table);
}

/// The first cell is the count.
TableProof proof_of(const catalog::TableContract& contract, const Cells& left, const Cells& right) {
    TableProof proof{.table = contract.name.to_string()};
    const std::string count = left[0].value_or("0");
    std::from_chars(count.data(), count.data() + count.size(), proof.rows);
    proof.equal = left == right;
    return proof;
}

Result<TableProof> prove_table(const catalog::TableContract& contract,
                               capture::postgres::Connection& source, sql::SqlSession& warehouse) {
    TRY_LET(const auto left, source.query(reconcile::fingerprint_sql_postgres(contract)));
    TRY_LET(const auto right,
            warehouse.query(reconcile::fingerprint_sql_duckdb(contract, quoted(contract.name))));
    return proof_of(contract, left[0], right.rows[0]);
}

/// One row that stands for all versions of a table: the open rows' fingerprint, and count and hash
/// of what says when each version held.
Result<Cells> history_row(const catalog::TableContract& contract, sql::SqlSession& warehouse) {
    TRY_LET(const sql::Rows open,
            warehouse.query(reconcile::fingerprint_sql_duckdb(contract, quoted(contract.name))));
    TRY_LET(const sql::Rows versions,
            warehouse.query(fmt::format(
                "SELECT count(*)::VARCHAR, coalesce(sum(hash(valid_from, valid_to, from_cut, "
                "to_cut, commit_position, ordinal, end_position, end_ordinal, op)), 0)::VARCHAR "
                "FROM {}",
                quoted(warehouse::history_name(contract.name)))));
    Cells row = versions.rows[0];
    row.insert(row.end(), open.rows[0].begin(), open.rows[0].end());
    return row;
}

Result<std::string> cut_of(sql::SqlSession& warehouse) {
    TRY_LET(const sql::Rows rows, warehouse.query("SELECT cut::VARCHAR FROM weir_ops.weir_cut"));
    return rows.rows.empty() ? std::string() : rows.rows[0][0].value_or("");
}

}  // namespace

Result<std::vector<TableProof>> prove_equal(Pipeline& pipeline,
                                            capture::postgres::Connection& source,
                                            sql::SqlSession& warehouse) {
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline.ledger()));
    TRY(source.execute(std::string(reconcile::postgres_settings())));
    TRY_LET(const auto contracts, newest_contracts(state, pipeline.ledger()));
    std::vector<TableProof> proofs;
    for (const auto& contract : contracts) {
        TRY_LET(const auto refined, refined_contract(*contract, pipeline.declared_types()));
        TRY_LET(proofs.emplace_back(),
                prove_table(*refined, source, warehouse)
                    .with("cannot prove table " + contract->name.to_string()));
    }
    return proofs;
}

Result<std::optional<std::vector<TableProof>>> prove_same_history(Pipeline& pipeline,
                                                                  sql::SqlSession& first,
                                                                  sql::SqlSession& second) {
    TRY_LET(const std::string first_cut, cut_of(first));
    TRY_LET(const std::string second_cut, cut_of(second));
    if (first_cut != second_cut) {
        return std::nullopt;
    }
    ledger::PipelineState state;
    TRY(ledger::catch_up(state, pipeline.ledger()));
    TRY_LET(const auto contracts, newest_contracts(state, pipeline.ledger()));
    std::vector<TableProof> proofs;
    for (const auto& contract : contracts) {
        TRY_LET(const auto refined, refined_contract(*contract, pipeline.declared_types()));
        TRY_LET(const Cells left, history_row(*refined, first));
        TRY_LET(const Cells right, history_row(*refined, second));
        proofs.push_back(proof_of(*contract, left, right));
    }
    return proofs;
}

}  // namespace weir::app
