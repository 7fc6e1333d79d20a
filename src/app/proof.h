#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/pipeline.h"
#include "capture/postgres/connection.h"
#include "ledger/verify.h"
#include "sql/sql_session.h"

namespace weir::app {

/// One table, fingerprinted at the source and in the warehouse (docs/formats/canonical_text.md).
struct TableProof {
    std::string table;
    std::uint64_t rows = 0;  // At the source.
    bool equal = false;
};

/// Fingerprints every captured table on both sides. The source must be at rest at what the
/// warehouse has loaded, or the tables differ. Tables that went from the source are `not_found`.
Result<std::vector<TableProof>> prove_equal(Pipeline& pipeline,
                                            capture::postgres::Connection& source,
                                            sql::SqlSession& warehouse);

/// Compares all versions of all tables in two warehouses of one landing; `rows` are versions. No
/// value if the warehouses stand at different cuts.
Result<std::optional<std::vector<TableProof>>> prove_same_history(Pipeline& pipeline,
                                                                  sql::SqlSession& first,
                                                                  sql::SqlSession& second);

/// Verifies the pipeline's ledger under its own key, and every file that it names.
Result<ledger::VerifyReport> verify_ledger(Pipeline& pipeline,
                                           const ledger::VerifyOptions& options = {});

}  // namespace weir::app
