#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "quality/suite.h"
#include "quality/table_shape.h"

namespace weir::quality {

/// An expectation as SQL aggregates over its table, so that all expectations of a table are one
/// scan.
struct CheckPlan {
    enum class Kind {
        values,     // `considered` and `unexpected` are counted and judged by `mostly`.
        row_count,  // The number of rows lies in [at_least, at_most].
        verdict,    // The shape alone decides.
    };
    Kind kind = Kind::verdict;
    std::string considered = {};  // Expression: how many rows count. Empty: all.
    std::string unexpected = {};  // Expression: how many of them are not as expected.
    bool counts_missing = false;  // Rows that are not considered are shown as missing.
    std::optional<std::uint64_t> at_least = std::nullopt;
    std::optional<std::uint64_t> at_most = std::nullopt;
    bool verdict = false;
};

/// Fails with `invalid` if the expectation makes no sense for the table: such an expectation has
/// raised an exception, in Great Expectations' words. Errors name tables and columns, never values.
Result<CheckPlan> plan_check(const Expectation& expectation, const TableShape& shape);

}  // namespace weir::quality
