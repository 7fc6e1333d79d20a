#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "app/commands.h"
#include "base/clock.h"
#include "base/result.h"
#include "catalog/table_contract.h"
#include "ledger/ledger.h"

namespace weir::app {

/// Which entries somebody wants to see. A value.
class EntryFilter {
public:
    /// Fails with `invalid` on words that are no cuts, table or time.
    static Result<EntryFilter> parse(const LedgerShowOptions& options);

    /// Earlier entries are not wanted.
    ledger::TreeSize from() const { return from_; }
    /// Looks into the entry's manifest if the table decides.
    Result<bool> wants(const ledger::Entry& entry, const ledger::Ledger& ledger) const;

private:
    std::optional<std::pair<ledger::CutNumber, ledger::CutNumber>> cuts_;  // First and last.
    std::optional<catalog::TableName> table_;
    std::optional<Timestamp> time_;
    ledger::TreeSize from_;
    std::string kind_;
};

}  // namespace weir::app
