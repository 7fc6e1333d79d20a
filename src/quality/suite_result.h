#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ledger/entry.h"
#include "quality/suite.h"

namespace weir::quality {

/// How much a result tells. Neither holds row values: lists of unexpected values do not exist here.
enum class ResultFormat { boolean_only, basic };

/// Rows of the table, rows that count, and those of them that are not as expected.
struct ValueCounts {
    std::uint64_t elements = 0;
    std::uint64_t considered = 0;
    std::uint64_t unexpected = 0;
    bool counts_missing = false;

    /// True if nothing counts; else in double arithmetic, as Great Expectations has it.
    bool holds_for(double mostly) const;
};

/// What came of one expectation.
struct Outcome {
    Expectation expectation;
    bool success = false;
    std::optional<ValueCounts> counts = std::nullopt;
    std::optional<std::uint64_t> row_count = std::nullopt;
    std::optional<std::string> exception = std::nullopt;  // It could not be evaluated: it failed.
};

struct SuiteResult {
    std::string suite;
    Generation generation = Generation::v1;
    std::vector<Outcome> outcomes;

    bool succeeded() const { return failed() == 0; }
    std::uint64_t failed() const;
    ledger::ChecksRun entry(ledger::CutNumber cut) const;
    /// Fails with `invalid` unless all expectations hold; names the first that does not.
    Status check() const;
    /// Great Expectations' validation result, with the keys of the suite's generation.
    nlohmann::json to_json(ResultFormat format) const;
};

}  // namespace weir::quality
