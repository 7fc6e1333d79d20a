#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "landing/landing_place.h"
#include "ledger/ledger.h"
#include "store/object_store.h"

namespace weir::landing {

/// A landing that is there already, with the ledger that names its files.
struct LandedBefore {
    const store::ObjectStore& store;
    ledger::Ledger& ledger;
};

/// Lands in an empty pipeline what another one has landed: the same contracts, snapshot and cuts
/// with the same positions and the same files, under names of this writer's epoch. Files are
/// compared with what the other ledger says of them: another content is `corrupt`. Cuts that land
/// there meanwhile may stay behind. `on_cut` hears the number of each cut.
Status land_copy(LandingPlace place, const LandedBefore& from,
                 const std::function<void(ledger::CutNumber)>& on_cut, const std::stop_token& stop);

}  // namespace weir::landing
