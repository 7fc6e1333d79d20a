#include "models/run_results.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace weir::models {
namespace {

using nlohmann::json;

template <typename Predicate>
std::uint64_t count(const std::vector<NodeResult>& nodes, Predicate predicate) {
    return static_cast<std::uint64_t>(std::ranges::count_if(nodes, predicate));
}

NodeResult node_of(const json& result) {
    NodeResult node{.id = result.at("unique_id").get<std::string>(),
                    .status = result.at("status").get<std::string>(),
                    .seconds = result.value("execution_time", 0.0)};
    if (const auto failures = result.find("failures");
        failures != result.end() && failures->is_number_unsigned()) {
        node.failures = failures->get<std::uint64_t>();
    }
    return node;
}

}  // namespace

bool NodeResult::is_test() const {
    return id.starts_with("test.") || id.starts_with("unit_test.");
}

bool NodeResult::failed() const {
    return status == "fail" || status == "error" || status == "runtime error" ||
           status == "partial success";
}

std::uint64_t RunResults::models_built() const {
    return count(nodes, [](const NodeResult& node) {
        return node.id.starts_with("model.") && node.status == "success";
    });
}

std::uint64_t RunResults::tests_passed() const {
    return count(nodes, [](const NodeResult& node) {
        return node.is_test() && (node.status == "pass" || node.status == "warn");
    });
}

std::uint64_t RunResults::tests_failed() const {
    return count(nodes, [](const NodeResult& node) { return node.is_test() && node.failed(); });
}

std::uint64_t RunResults::errors() const {
    return count(nodes, [](const NodeResult& node) { return !node.is_test() && node.failed(); });
}

std::uint64_t RunResults::skipped() const {
    return count(nodes, [](const NodeResult& node) { return node.status == "skipped"; });
}

Result<RunResults> parse_run_results(std::string_view text) {
    try {
        const json document = json::parse(text);
        RunResults results{.nodes = {}, .seconds = document.value("elapsed_time", 0.0)};
        for (const json& result : document.at("results")) {
            results.nodes.push_back(node_of(result));
        }
        return results;
    } catch (const json::exception& e) {
        // The id says what was wrong; the message may quote the document.
        return fail(ErrorKind::corrupt,
                    "dbt's run_results.json is not what dbt writes, json_error={}", e.id);
    }
}

}  // namespace weir::models
