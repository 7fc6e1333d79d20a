#pragma once

#include <cstdint>

#include "simulate/entity.h"

namespace weir::simulate {

/// The money of one line, or the sum over a claim's. allowed = paid + deductible + copay +
/// coinsurance.
struct Price {
    Cents billed = 0;
    Cents allowed = 0;
    Cents paid = 0;
    Cents deductible = 0;
    Cents copay = 0;
    Cents coinsurance = 0;

    Price& operator+=(const Price& other);
};

/// Prices a line as the claim's status and price version say.
Price price_of(std::uint64_t seed, const Claim& claim, const Line& line);
/// Sums the lines: the header's money.
Price price_of(std::uint64_t seed, const Claim& claim);

}  // namespace weir::simulate
