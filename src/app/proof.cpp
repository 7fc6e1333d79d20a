#include "app/proof.h"

#include <fmt/format.h>

#include <charconv>

#include "app/capture_stage.h"
#include "app/load_stage.h"
#include "reconcile/fingerprint.h"

namespace weir::app {
namespace {

Result<TableProof> prove_table(const catalog::TableContract& contract,
                               capture::postgres::Connection& source, sql::SqlSession& warehouse) {
    TRY_LET(const auto left, source.query(reconcile::fingerprint_sql_postgres(contract)));
    const std::string relation = fmt::format("{}.{}", sql::quote_identifier(contract.name.schema),
                                             sql::quote_identifier(contract.name.table));
    TRY_LET(const auto right,
            warehouse.query(reconcile::fingerprint_sql_duckdb(contract, relation)));
    TableProof proof{.table = contract.name.to_string()};
    const std::string count = left[0][0].value_or("0");
    std::from_chars(count.data(), count.data() + count.size(), proof.rows);
    proof.equal = left[0] == right.rows[0];
    return proof;
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

}  // namespace weir::app
