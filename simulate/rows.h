#pragma once

#include <cstddef>
#include <cstdint>

#include "simulate/entity.h"
#include "simulate/line_price.h"
#include "simulate/row.h"

/// Fills `row` with the columns that shape(table) names. Pure functions of seed and entity; any
/// thread.
namespace weir::simulate {

void plan_row(Row& row, std::uint64_t seed, const Plan& plan);
void provider_row(Row& row, std::uint64_t seed, const Provider& provider);
/// With `has_email` the row has the column that the table gets in mid-stream.
void member_row(Row& row, std::uint64_t seed, const Member& member, bool has_email);
void span_row(Row& row, const Member& member, const Span& span);

/// `total` is price_of(seed, claim).
void claim_row(Row& row, std::uint64_t seed, const Claim& claim, const Price& total);
void line_row(Row& row, std::uint64_t seed, const Claim& claim, const Line& line);
void diagnosis_row(Row& row, std::uint64_t seed, const Claim& claim, std::int64_t sequence);
void event_row(Row& row, const Claim& claim, std::size_t at);
void payment_row(Row& row, const Claim& claim, std::size_t at);

}  // namespace weir::simulate
