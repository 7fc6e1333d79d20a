#pragma once

#include <stop_token>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/contract_book.h"
#include "landing/cut_writer.h"
#include "landing/landing_place.h"

namespace weir::landing {

/// Appends an entry behind the schema versions that were announced before it, in one append.
/// Returns when the entry was durable, before what the append leaves to be finished.
Result<Timestamp> commit_with_news(LandingPlace& place, ContractBook& contracts,
                                   ledger::EntryBody entry);

/// Reads from `source` into `writer`. Fails with `internal` if the source counts other changes than
/// it gave.
Result<change::CutEnd> read_changes(change::ChangeSource& source, change::CutBoundary& boundary,
                                    CutWriter& writer, const std::stop_token& stop);

/// Makes what was written data: files, announced schema versions and the entry, in one append.
/// REQUIRES: `cut` has a commit time; its files are the writer's.
Result<CutReport> land_cut(LandingPlace& place, ContractBook& contracts, CutWriter&& writer,
                           ledger::CutLanded cut);

}  // namespace weir::landing
