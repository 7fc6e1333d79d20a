#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace weir::ledger {

/// Writes UTC with microseconds: "2026-01-31T23:59:59.000001Z". Fails with `invalid` unless the
/// year has four digits.
Result<std::string> format_time(Timestamp time);

/// Reads exactly what `format_time` writes. Fails with `corrupt`.
Result<Timestamp> parse_time(std::string_view text);

}  // namespace weir::ledger
