#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/table_contract.h"
#include "ledger/entry.h"

namespace weir::reconcile {

/// The SQL by which two databases are shown to hold the same rows (docs/formats/canonical_text.md).
/// Every statement returns one row: count, low, high. It uses nothing of weir, so that anybody can
/// run it with the database's own client.

/// Statements that a PostgreSQL session runs before a fingerprint.
std::string_view postgres_settings();

/// `query`: rows with the contract's columns, in place of the table: "SELECT * FROM t WHERE ...".
std::string fingerprint_sql_postgres(const catalog::TableContract& contract,
                                     std::optional<std::string_view> query = std::nullopt);

/// `relation`: what stands after FROM, with the contract's column names. `as_of`: only rows of a
/// history relation that were open at the end of this cut.
std::string fingerprint_sql_duckdb(const catalog::TableContract& contract,
                                   std::string_view relation,
                                   std::optional<ledger::CutNumber> as_of = std::nullopt);

}  // namespace weir::reconcile
