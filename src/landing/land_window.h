#pragma once

#include <stop_token>

#include "base/result.h"
#include "change/change_source.h"
#include "landing/land_stream.h"
#include "landing/landing_place.h"

namespace weir::landing {

/// Closes a snapshot attempt of several readings (docs/formats/snapshot.md, "The cut"): reads
/// `source` from the attempt's first position to the first transaction boundary at or past its last
/// reading, and lands the changes beside the chunks, as cut 1. REQUIRES: all chunks have landed.
///
/// Fails with `cancelled` at a stop request; nothing of it counts then.
Status land_window(LandingPlace place, change::ChangeSource& source, const StreamOptions& options,
                   const std::stop_token& stop);

}  // namespace weir::landing
