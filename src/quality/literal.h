#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"
#include "quality/table_shape.h"

namespace weir::quality {

/// Writes a suite's value as a SQL literal that compares with the column exactly: decimals are
/// never turned into doubles. A decimal of more than 15 digits, which JSON numbers do not carry
/// through every tool, is written as a text in the suite. Fails with `invalid` if value and column
/// cannot be compared. REQUIRES: not null.
Result<std::string> literal_for(const nlohmann::json& value, const ShapeColumn& column);

}  // namespace weir::quality
