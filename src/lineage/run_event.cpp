#include "lineage/run_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace weir::lineage {
namespace {

using nlohmann::json;

constexpr auto producer = "https://weir.invalid";
constexpr auto event_schema = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// Starts a facet: every facet says who made it and what its schema is.
json facet(std::string_view name, std::string_view version) {
    return {{"_producer", producer},
            {"_schemaURL", fmt::format("https://openlineage.io/spec/facets/{0}/{1}.json#/$defs/{1}",
                                       version, name)}};
}

std::string_view name_of(EventType type) {
    switch (type) {
        case EventType::start: return "START";
        case EventType::complete: return "COMPLETE";
        case EventType::fail: return "FAIL";
    }
    return "OTHER";
}

std::string time_text(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", int{date.year()},
                       unsigned{date.month()}, unsigned{date.day()}, clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

json schema_of(const Dataset& dataset) {
    json schema = facet("SchemaDatasetFacet", "1-2-0");
    schema["fields"] = json::array();
    for (const DatasetField& field : dataset.fields) {
        schema["fields"].push_back({{"name", field.name},
                                    {"type", field.type},
                                    {"ordinal_position", schema["fields"].size() + 1}});
    }
    return schema;
}

json tags_of(const Dataset& dataset) {
    json tags = json::array();
    for (const DatasetField& field : dataset.fields) {
        for (const std::string& tag : field.tags) {
            tags.push_back(
                {{"key", tag}, {"value", "true"}, {"source", "WEIR"}, {"field", field.name}});
        }
    }
    return tags;
}

json column_lineage_of(const Dataset& dataset) {
    json lineage = facet("ColumnLineageDatasetFacet", "1-2-0");
    lineage["fields"] = json::object();
    for (const auto& [output, input] : dataset.identity_fields) {
        const json transformation{{"type", "DIRECT"}, {"subtype", "IDENTITY"}, {"masking", false}};
        lineage["fields"][output]["inputFields"] = {{{"namespace", input.name_space},
                                                     {"name", input.name},
                                                     {"field", input.field},
                                                     {"transformations", {transformation}}}};
    }
    return lineage;
}

json facets_of(const Dataset& dataset) {
    json facets = json::object();
    if (!dataset.fields.empty()) {
        facets["schema"] = schema_of(dataset);
    }
    if (json tags = tags_of(dataset); !tags.empty()) {
        facets["tags"] = facet("TagsDatasetFacet", "1-0-0");
        facets["tags"]["tags"] = std::move(tags);
    }
    if (!dataset.identity_fields.empty()) {
        facets["columnLineage"] = column_lineage_of(dataset);
    }
    return facets;
}

void add_statistics(json& facets, const Dataset& dataset, const char* key, json statistics) {
    if (dataset.statistics.rows) {
        statistics["rowCount"] = *dataset.statistics.rows;
    }
    if (dataset.statistics.bytes) {
        statistics["size"] = *dataset.statistics.bytes;
    }
    if (dataset.statistics.rows || dataset.statistics.bytes) {
        facets[key] = std::move(statistics);
    }
}

json assertions_of(const Dataset& dataset) {
    json assertions = facet("DataQualityAssertionsDatasetFacet", "1-1-0");
    assertions["assertions"] = json::array();
    for (const Assertion& assertion : dataset.assertions) {
        json item{{"assertion", assertion.assertion}, {"success", assertion.success}};
        if (!assertion.column.empty()) {
            item["column"] = assertion.column;
        }
        if (!assertion.severity.empty()) {
            item["severity"] = assertion.severity;
        }
        assertions["assertions"].push_back(std::move(item));
    }
    return assertions;
}

json input_json(const Dataset& dataset) {
    json own = json::object();
    add_statistics(own, dataset, "inputStatistics",
                   facet("InputStatisticsInputDatasetFacet", "1-0-0"));
    if (!dataset.assertions.empty()) {
        own["dataQualityAssertions"] = assertions_of(dataset);
    }
    return {{"namespace", dataset.name_space},
            {"name", dataset.name},
            {"facets", facets_of(dataset)},
            {"inputFacets", own}};
}

json output_json(const Dataset& dataset) {
    json own = json::object();
    add_statistics(own, dataset, "outputStatistics",
                   facet("OutputStatisticsOutputDatasetFacet", "1-0-2"));
    return {{"namespace", dataset.name_space},
            {"name", dataset.name},
            {"facets", facets_of(dataset)},
            {"outputFacets", own}};
}

json run_facets(const RunEvent& event) {
    json facets = json::object();
    facets["processing_engine"] = facet("ProcessingEngineRunFacet", "1-1-1");
    facets["processing_engine"].update({{"name", "weir"}, {"version", event.release}});
    if (event.parent) {
        facets["parent"] = facet("ParentRunFacet", "1-2-0");
        facets["parent"]["run"] = {{"runId", event.parent->run_id}};
        facets["parent"]["job"] = {{"namespace", event.parent->job_namespace},
                                   {"name", event.parent->job_name}};
    }
    if (event.error) {
        facets["errorMessage"] = facet("ErrorMessageRunFacet", "1-0-1");
        facets["errorMessage"].update({{"message", *event.error}, {"programmingLanguage", "C++"}});
    }
    return facets;
}

json job_facets() {
    json type = facet("JobTypeJobFacet", "2-0-4");
    type.update({{"processingType", "BATCH"}, {"integration", "WEIR"}, {"jobType", "TASK"}});
    return {{"jobType", std::move(type)}};
}

bool is_uuid(std::string_view text) {
    constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return text.size() == form.size() &&
           std::equal(text.begin(), text.end(), form.begin(), [](char letter, char place) {
               return place == '-' ? letter == '-'
                                   : std::string_view("0123456789abcdefABCDEF").contains(letter);
           });
}

}  // namespace

Result<std::optional<ParentRun>> parent_from_environment(
    const std::function<const char*(const char*)>& variable) {
    const auto text = [&](const char* name) {
        const char* const value = variable(name);
        return std::string(value == nullptr ? "" : value);
    };
    ParentRun parent{.run_id = text("OPENLINEAGE_PARENT_RUN_ID"),
                     .job_namespace = text("OPENLINEAGE_PARENT_JOB_NAMESPACE"),
                     .job_name = text("OPENLINEAGE_PARENT_JOB_NAME")};
    const std::string id = text("OPENLINEAGE_PARENT_ID");
    const std::size_t last = id.rfind('/');
    if (const std::size_t before = id.rfind('/', last - 1);
        last != std::string::npos && last > 0 && before != std::string::npos) {
        parent = {.run_id = id.substr(last + 1),
                  .job_namespace = id.substr(0, before),
                  .job_name = id.substr(before + 1, last - before - 1)};
    }
    if (parent.run_id.empty() || parent.job_namespace.empty() || parent.job_name.empty()) {
        return std::nullopt;
    }
    if (!is_uuid(parent.run_id)) {
        return fail(ErrorKind::invalid,
                    "the parent's run id in the environment (OPENLINEAGE_PARENT_...) is no UUID");
    }
    return parent;
}

std::string format_event(const RunEvent& event) {
    json document{
        {"eventType", name_of(event.type)},
        {"eventTime", time_text(event.time)},
        {"producer", producer},
        {"schemaURL", event_schema},
        {"run", {{"runId", event.run_id}, {"facets", run_facets(event)}}},
        {"job",
         {{"namespace", event.job_namespace}, {"name", event.job_name}, {"facets", job_facets()}}},
        {"inputs", json::array()},
        {"outputs", json::array()}};
    for (const Dataset& dataset : event.inputs) {
        document["inputs"].push_back(input_json(dataset));
    }
    for (const Dataset& dataset : event.outputs) {
        document["outputs"].push_back(output_json(dataset));
    }
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace weir::lineage
