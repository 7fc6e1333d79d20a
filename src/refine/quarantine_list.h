#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"
#include "store/object_store.h"
#include "store/sealed_file.h"

namespace weir::refine {

/// How many rows of a table are in quarantine in one cut, for one reason. Never holds values.
struct QuarantineCount {
    ledger::CutNumber cut{};
    catalog::TableName table;
    std::string reason;
    std::string column;
    std::uint64_t rows = 0;

    friend bool operator==(const QuarantineCount&, const QuarantineCount&) = default;
};

/// Counts the rows in quarantine of all refined cuts, by cut, table, reason and column. Fails with
/// `corrupt` if a file is damaged or sealed with another key.
Result<std::vector<QuarantineCount>> list_quarantine(const store::ObjectStore& store,
                                                     const ledger::Ledger& ledger,
                                                     const ledger::PipelineState& state,
                                                     const store::SealingKey& key);

}  // namespace weir::refine
