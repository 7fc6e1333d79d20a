#include "quality/suite_result.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace weir::quality {
namespace {

using nlohmann::json;

json percent(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) {
        return nullptr;
    }
    return static_cast<double>(part) / static_cast<double>(whole) * 100.0;
}

json counts_json(const ValueCounts& counts) {
    json result{{"element_count", counts.elements},
                {"unexpected_count", counts.unexpected},
                {"unexpected_percent", percent(counts.unexpected, counts.considered)}};
    if (counts.counts_missing) {
        const std::uint64_t missing = counts.elements - counts.considered;
        result["missing_count"] = missing;
        result["missing_percent"] = percent(missing, counts.elements);
        result["unexpected_percent_total"] = percent(counts.unexpected, counts.elements);
        result["unexpected_percent_nonmissing"] = percent(counts.unexpected, counts.considered);
    }
    return result;
}

json details_of(const Outcome& outcome, ResultFormat format) {
    if (format == ResultFormat::basic && outcome.counts) {
        return counts_json(*outcome.counts);
    }
    if (format == ResultFormat::basic && outcome.row_count) {
        return {{"observed_value", *outcome.row_count}};
    }
    return json::object();
}

json config_of(const Expectation& expectation, Generation generation) {
    json config{{generation == Generation::v1 ? "type" : "expectation_type", expectation.type},
                {"kwargs", expectation.kwargs},
                {"meta", expectation.meta}};
    if (!expectation.id.empty()) {
        config["id"] = expectation.id;
    }
    if (!expectation.severity.empty()) {
        config["severity"] = expectation.severity;
    }
    return config;
}

json exception_of(const Outcome& outcome) {
    return {{"raised_exception", outcome.exception.has_value()},
            {"exception_message", outcome.exception ? json(*outcome.exception) : json()},
            {"exception_traceback", nullptr}};
}

}  // namespace

bool ValueCounts::holds_for(double mostly) const {
    return considered == 0 ||
           static_cast<double>(considered - unexpected) / static_cast<double>(considered) >= mostly;
}

std::uint64_t SuiteResult::failed() const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(outcomes, [](const Outcome& outcome) { return !outcome.success; }));
}

ledger::ChecksRun SuiteResult::entry(ledger::CutNumber cut) const {
    return {.cut = cut,
            .suite = suite,
            .succeeded = succeeded(),
            .expectations = outcomes.size(),
            .failed = failed()};
}

Status SuiteResult::check() const {
    const auto first = std::ranges::find_if_not(outcomes, &Outcome::success);
    if (first == outcomes.end()) {
        return {};
    }
    const json column = first->expectation.kwargs.value("column", json("-"));
    return fail(
        ErrorKind::invalid,
        "suite {} does not hold: {} of {} expectations failed, first={}, table={}, column={}{}",
        suite, failed(), outcomes.size(), first->expectation.type,
        first->expectation.table.to_string(), column.is_string() ? column.get<std::string>() : "-",
        first->exception ? ", exception=" + *first->exception : "");
}

json SuiteResult::to_json(ResultFormat format) const {
    json results = json::array();
    for (const Outcome& outcome : outcomes) {
        results.push_back({{"success", outcome.success},
                           {"expectation_config", config_of(outcome.expectation, generation)},
                           {"result", details_of(outcome, format)},
                           {"meta", json::object()},
                           {"exception_info", exception_of(outcome)}});
    }
    const std::uint64_t good = outcomes.size() - failed();
    json document{{"success", succeeded()},
                  {"results", std::move(results)},
                  {"statistics",
                   {{"evaluated_expectations", outcomes.size()},
                    {"successful_expectations", good},
                    {"unsuccessful_expectations", failed()},
                    {"success_percent", percent(good, outcomes.size())}}},
                  {"meta", json::object()}};
    if (generation == Generation::v1) {
        document["suite_name"] = suite;
        document["suite_parameters"] = json::object();
        document["id"] = nullptr;
    } else {
        document["meta"]["expectation_suite_name"] = suite;
        document["evaluation_parameters"] = json::object();
    }
    return document;
}

}  // namespace weir::quality
