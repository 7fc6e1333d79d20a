#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::models {

/// What dbt did with one model, test, seed or snapshot.
struct NodeResult {
    std::string id;      // As dbt names it: "model.claims.dim_member".
    std::string status;  // As dbt says: success, pass, warn, fail, error, skipped, ...
    double seconds = 0;
    std::optional<std::uint64_t> failures = std::nullopt;  // Rows that a test found.

    bool is_test() const;
    /// Whether what hangs on it may not be trusted: an error, or a test that failed.
    bool failed() const;
};

/// dbt's `run_results.json` (run-results v6), without its messages: those may quote row values.
struct RunResults {
    std::vector<NodeResult> nodes;
    double seconds = 0;

    std::uint64_t models_built() const;
    std::uint64_t tests_passed() const;  // A test that only warns has passed.
    std::uint64_t tests_failed() const;  // Also those that could not run.
    std::uint64_t errors() const;        // Nodes other than tests that failed.
    std::uint64_t skipped() const;
};

/// Reads leniently: fields that it does not know do not matter. Fails with `corrupt`.
Result<RunResults> parse_run_results(std::string_view text);

}  // namespace weir::models
