#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "columnar/parted_writer.h"
#include "refine/refine_place.h"

namespace weir::refine {

/// Refines one landed cut: writes its processing and quarantine files and returns the entry that
/// makes them data. The files are a function of the cut, the declared types and the release. Fails
/// with `corrupt` if landed files are damaged or their rows do not add up.
Result<ledger::CutRefined> refine_cut(RefinePlace& place, const ledger::LandedCut& landed,
                                      columnar::PartSize size = {});

struct RefineOptions {
    std::size_t cuts_per_append_max = 64;
    std::uint64_t rows_per_append_max = 1'000'000;  // A group ends after the cut that reaches it.
    columnar::PartSize part_size;                   // Changes the files: for tests.
    /// Called for every cut after its entry is in the ledger.
    std::function<void(const ledger::CutRefined&)> on_cut;
};

/// Refines all cuts that have landed and are not refined, in order, and appends their entries in
/// groups. Ends at a stop request after the cut at hand. Returns how many cuts it refined.
///
/// An error leaves the ledger at the last group. The call may be repeated with a new lease.
Result<std::uint64_t> refine_waiting_cuts(RefinePlace place, const RefineOptions& options,
                                          const std::stop_token& stop);

}  // namespace weir::refine
