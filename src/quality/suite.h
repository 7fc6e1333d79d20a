#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/table_contract.h"

namespace weir::quality {

/// Great Expectations changed its key names between 0.18 and 1.x; a result uses those of its suite.
enum class Generation { v0_18, v1 };

/// One expectation about one table.
struct Expectation {
    std::string type;
    std::string id;        // Empty: none given.
    std::string severity;  // Empty: none given.
    catalog::TableName table;
    double mostly = 1;  // Share of the values, 0 to 1, that have to be as expected.
    nlohmann::json kwargs;
    nlohmann::json meta;
};

/// A Great Expectations suite. The table of an expectation is `meta.weir.table` ("schema.table"),
/// of its own or else of the suite.
struct Suite {
    std::string name;
    Generation generation = Generation::v1;
    std::vector<Expectation> expectations;
};

/// Reads a suite of either generation. `table` stands in where the suite names none. Fails with
/// `invalid` if the text is no suite or an expectation has no table, and with `unsupported`, naming
/// it, on an expectation or an argument that this release does not know.
Result<Suite> parse_suite(std::string_view text,
                          const std::optional<catalog::TableName>& table = std::nullopt);

}  // namespace weir::quality
