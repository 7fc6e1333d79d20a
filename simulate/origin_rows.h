#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "simulate/origin.h"
#include "simulate/row.h"
#include "simulate/table.h"

namespace weir::simulate {

/// The rows of one table that belong to the entities (plans, providers, members or claims) with the
/// numbers [first, last].
struct OriginPart {
    Table table = Table::plan;
    std::int64_t first = 0;
    std::int64_t last = 0;
};

/// Cuts the origin into parts that can be worked on at once, in an order that is always the same.
std::vector<OriginPart> parts_of(const Origin& origin);

/// Calls `take` with each row of the part; the row is valid during the call.
void for_each_row(const Origin& origin, const OriginPart& part,
                  const std::function<void(const Row&)>& take);

}  // namespace weir::simulate
