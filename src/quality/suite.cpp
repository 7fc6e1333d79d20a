#include "quality/suite.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace weir::quality {
namespace {

using nlohmann::json;

// What changes how a result is shown, not what it is.
constexpr std::array presentation{"result_format", "include_config", "catch_exceptions", "meta",
                                  "batch_id",      "notes",          "severity"};

const std::map<std::string, std::vector<std::string>, std::less<>>& arguments_by_type() {
    static const std::map<std::string, std::vector<std::string>, std::less<>> arguments{
        {"expect_column_to_exist", {"column", "column_index"}},
        {"expect_column_values_to_not_be_null", {"column", "mostly"}},
        {"expect_column_values_to_be_null", {"column", "mostly"}},
        {"expect_column_values_to_be_unique", {"column", "mostly"}},
        {"expect_column_values_to_be_in_set", {"column", "mostly", "value_set"}},
        {"expect_column_values_to_not_be_in_set", {"column", "mostly", "value_set"}},
        {"expect_column_values_to_be_between",
         {"column", "mostly", "min_value", "max_value", "strict_min", "strict_max",
          "parse_strings_as_datetimes"}},
        {"expect_compound_columns_to_be_unique", {"column_list", "mostly", "ignore_row_if"}},
        {"expect_table_row_count_to_be_between",
         {"min_value", "max_value", "strict_min", "strict_max"}},
        {"expect_table_row_count_to_equal", {"value"}},
    };
    return arguments;
}

/// Takes the first of two spellings that is there.
json take(const json& object, const char* newer, const char* older) {
    const auto found = object.find(newer);
    return found != object.end() ? *found : object.value(older, json());
}

std::optional<catalog::TableName> table_in(const json& object) {
    const json table = object.value("/meta/weir/table"_json_pointer, json());
    if (!table.is_string()) {
        return std::nullopt;
    }
    const auto text = table.get<std::string>();
    const std::size_t dot = text.find('.');
    return dot == std::string::npos
               ? catalog::TableName{.schema = "main", .table = text}
               : catalog::TableName{.schema = text.substr(0, dot), .table = text.substr(dot + 1)};
}

/// An evaluation parameter ({"$PARAMETER": ...}) would otherwise be taken for a value.
bool is_plain(const json& argument) {
    return !argument.is_object();
}

Status check_arguments(const Expectation& expectation) {
    const auto known = arguments_by_type().find(expectation.type);
    if (known == arguments_by_type().end()) {
        return fail(ErrorKind::unsupported, "this release does not know the expectation {}",
                    expectation.type);
    }
    for (const auto& [name, value] : expectation.kwargs.items()) {
        const bool shown = std::ranges::find(presentation, name) != presentation.end();
        const bool used = std::ranges::find(known->second, name) != known->second.end();
        if (!shown && (!used || !is_plain(value)) && !value.is_null()) {
            return fail(ErrorKind::unsupported, "this release does not know what {} means for {}",
                        name, expectation.type);
        }
    }
    if (expectation.mostly < 0 || expectation.mostly > 1) {
        return fail(ErrorKind::invalid, "mostly of {} is not between 0 and 1, mostly={}",
                    expectation.type, expectation.mostly);
    }
    return {};
}

Result<Expectation> read_expectation(const json& object,
                                     const std::optional<catalog::TableName>& suite_table) {
    Expectation expectation{.type = take(object, "type", "expectation_type").get<std::string>(),
                            .id = {},
                            .severity = object.value("severity", ""),
                            .table = {},
                            .kwargs = object.value("kwargs", json::object()),
                            .meta = object.value("meta", json::object())};
    if (const json id = object.value("id", json()); id.is_string()) {
        expectation.id = id.get<std::string>();
    }
    if (const json mostly = expectation.kwargs.value("mostly", json()); !mostly.is_null()) {
        expectation.mostly = mostly.get<double>();
    }
    const auto own = table_in(object);
    if (!own && !suite_table) {
        return fail(ErrorKind::invalid,
                    "{} names no table: add \"meta\": {{\"weir\": "
                    "{{\"table\": \"schema.table\"}}}} to it or to the suite",
                    expectation.type);
    }
    expectation.table = own ? *own : *suite_table;
    TRY(check_arguments(expectation));
    return expectation;
}

Result<Suite> read_suite(const json& document, const std::optional<catalog::TableName>& table) {
    Suite suite{.name = take(document, "name", "expectation_suite_name").get<std::string>(),
                .generation = document.contains("expectation_suite_name") ? Generation::v0_18
                                                                          : Generation::v1,
                .expectations = {}};
    const auto own = table_in(document);
    for (const json& object : document.at("expectations")) {
        TRY_LET(auto expectation, read_expectation(object, own ? own : table)
                                      .with(fmt::format("suite {}, expectation {}", suite.name,
                                                        suite.expectations.size() + 1)));
        suite.expectations.push_back(std::move(expectation));
    }
    return suite;
}

}  // namespace

Result<Suite> parse_suite(std::string_view text, const std::optional<catalog::TableName>& table) {
    try {
        return read_suite(json::parse(text), table);
    } catch (const json::parse_error& e) {
        return fail(ErrorKind::invalid, "the suite is not JSON, byte={}", e.byte);
    } catch (const json::exception& e) {
        return fail(ErrorKind::invalid, "this is not a Great Expectations suite: {}", e.what());
    }
}

}  // namespace weir::quality
