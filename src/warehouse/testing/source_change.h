#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "catalog/table_contract.h"

namespace weir::warehouse::testing {

/// A row of the source: text of each value by column id; no entry is null.
using Row = std::map<std::uint32_t, std::string>;

/// A change as the source knows it, whole; what its log left out is in `unchanged`.
struct SourceChange {
    char op = 'c';
    std::int64_t cut = 0;
    std::int64_t position = 0;
    std::int64_t ordinal = 0;
    std::int64_t time_us = 0;
    std::shared_ptr<const catalog::TableContract> contract;
    std::optional<Row> before;  // As the log carries it: key, whole row, or nothing.
    Row old_row;                // The truth, for the model: updates and deletes.
    Row after;                  // The truth, with the values that the log left out.
    std::set<std::uint32_t> unchanged;
};

}  // namespace weir::warehouse::testing
