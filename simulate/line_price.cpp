#include "simulate/line_price.h"

#include <algorithm>

#include "simulate/codes.h"
#include "simulate/draw.h"

namespace weir::simulate {

Price& Price::operator+=(const Price& other) {
    billed += other.billed;
    allowed += other.allowed;
    paid += other.paid;
    deductible += other.deductible;
    copay += other.copay;
    coinsurance += other.coinsurance;
    return *this;
}

Price price_of(std::uint64_t seed, const Claim& claim, const Line& line) {
    Price price;
    price.billed = Draws(seed, Stream::price, claim.id, line.origin).quantile(billed_cents);
    if (!is_priced(claim.status)) {
        return price;
    }
    Draws draws(seed, Stream::price, claim.id,
                std::uint64_t{claim.price_version + 1} << 8U | line.origin);
    // One line in twenty is not covered, as when only part of a claim is denied.
    price.allowed = draws.chance(50) ? 0 : price.billed * draws.between(350, 900) / 1000;
    Cents rest = price.allowed;
    price.deductible = draws.chance(200) ? std::min<Cents>(rest, draws.between(500, 20000)) : 0;
    rest -= price.deductible;
    price.copay = draws.chance(400) ? std::min<Cents>(rest, draws.between(1, 8) * 500) : 0;
    rest -= price.copay;
    price.coinsurance = rest * draws.between(0, 3) / 10;
    price.paid = rest - price.coinsurance;
    return price;
}

Price price_of(std::uint64_t seed, const Claim& claim) {
    Price sum;
    for (const Line& line : claim.lines) {
        sum += price_of(seed, claim, line);
    }
    return sum;
}

}  // namespace weir::simulate
