#include "quality/check_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <map>
#include <vector>

#include "quality/literal.h"

namespace weir::quality {
namespace {

using nlohmann::json;
using sql::quote_identifier;

using Planner = Result<CheckPlan> (*)(const Expectation&, const TableShape&);

json argument(const Expectation& expectation, const char* name) {
    return expectation.kwargs.value(name, json());
}

std::unexpected<Error> missing_argument(const Expectation& expectation, const char* name) {
    return fail(ErrorKind::invalid, "{} needs {}", expectation.type, name);
}

Result<const ShapeColumn*> find_column(const json& name, const Expectation& expectation,
                                       const TableShape& shape) {
    if (!name.is_string()) {
        return missing_argument(expectation, "column");
    }
    const ShapeColumn* const column = shape.find(name.get<std::string>());
    if (column == nullptr) {
        return fail(ErrorKind::invalid, "table {} has no column {}", shape.name.to_string(),
                    name.get<std::string>());
    }
    return column;
}

Result<const ShapeColumn*> column_of(const Expectation& expectation, const TableShape& shape) {
    return find_column(argument(expectation, "column"), expectation, shape);
}

/// Counts the values of a column that a condition, which is never null for them, holds for.
CheckPlan values_plan(const std::string& column, const std::string& unexpected) {
    return {.kind = CheckPlan::Kind::values,
            .considered = fmt::format("count({})", column),
            .unexpected =
                fmt::format("count(*) FILTER (WHERE {} IS NOT NULL AND ({}))", column, unexpected),
            .counts_missing = true};
}

Result<CheckPlan> plan_null(const Expectation& expectation, const TableShape& shape) {
    TRY_LET(const auto* column, column_of(expectation, shape));
    const bool wanted = expectation.type == "expect_column_values_to_be_null";
    return CheckPlan{
        .kind = CheckPlan::Kind::values,
        .unexpected = fmt::format("count(*) FILTER (WHERE {} IS {} NULL)",
                                  quote_identifier(column->name), wanted ? "NOT" : "")};
}

Result<CheckPlan> plan_set(const Expectation& expectation, const TableShape& shape) {
    TRY_LET(const auto* column, column_of(expectation, shape));
    const json set = argument(expectation, "value_set");
    if (!set.is_array()) {
        return missing_argument(expectation, "value_set");
    }
    std::vector<std::string> literals;
    for (const json& value : set) {
        if (!value.is_null()) {
            TRY_LET(auto literal, literal_for(value, *column));
            literals.push_back(std::move(literal));
        }
    }
    const std::string name = quote_identifier(column->name);
    const bool inside = expectation.type == "expect_column_values_to_be_in_set";
    if (literals.empty()) {
        return values_plan(name, inside ? "true" : "false");
    }
    return values_plan(
        name, fmt::format("{} {} ({})", name, inside ? "NOT IN" : "IN", fmt::join(literals, ", ")));
}

bool flag(const Expectation& expectation, const char* name) {
    const json value = argument(expectation, name);
    return value.is_boolean() && value.get<bool>();
}

Status check_bounds(const Expectation& expectation, const json& least, const json& most) {
    if (least.is_null() && most.is_null()) {
        return fail(ErrorKind::invalid, "{}: min_value and max_value cannot both be null",
                    expectation.type);
    }
    if (least.is_number() && most.is_number() && least > most) {
        return fail(ErrorKind::invalid, "{}: min_value cannot be greater than max_value",
                    expectation.type);
    }
    return {};
}

Result<CheckPlan> plan_between(const Expectation& expectation, const TableShape& shape) {
    TRY_LET(const auto* column, column_of(expectation, shape));
    const json least = argument(expectation, "min_value");
    const json most = argument(expectation, "max_value");
    TRY(check_bounds(expectation, least, most));
    const std::string name = quote_identifier(column->name);
    std::vector<std::string> outside;
    if (!least.is_null()) {
        TRY_LET(const auto literal, literal_for(least, *column));
        outside.push_back(
            fmt::format("{} {} {}", name, flag(expectation, "strict_min") ? "<=" : "<", literal));
    }
    if (!most.is_null()) {
        TRY_LET(const auto literal, literal_for(most, *column));
        outside.push_back(
            fmt::format("{} {} {}", name, flag(expectation, "strict_max") ? ">=" : ">", literal));
    }
    return values_plan(name, fmt::format("{}", fmt::join(outside, " OR ")));
}

/// Counts the rows whose columns agree with another row's, among the rows for which `counts` holds.
std::string rows_repeated(const TableShape& shape, const std::string& columns,
                          const std::string& counts) {
    return fmt::format(
        "(SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {} WHERE {} GROUP BY {} "
        "HAVING "
        "count(*) > 1))",
        shape.quoted(), counts, columns);
}

Result<CheckPlan> plan_unique(const Expectation& expectation, const TableShape& shape) {
    TRY_LET(const auto* column, column_of(expectation, shape));
    const std::string name = quote_identifier(column->name);
    return CheckPlan{.kind = CheckPlan::Kind::values,
                     .considered = fmt::format("count({})", name),
                     .unexpected = rows_repeated(shape, name, name + " IS NOT NULL"),
                     .counts_missing = true};
}

Result<std::string> considered_rows(const Expectation& expectation,
                                    const std::vector<std::string>& columns) {
    const json rule = argument(expectation, "ignore_row_if");
    if (rule.is_null() || rule == "all_values_are_missing") {
        return fmt::format("({} IS NOT NULL)", fmt::join(columns, " IS NOT NULL OR "));
    }
    if (rule == "any_value_is_missing") {
        return fmt::format("({} IS NOT NULL)", fmt::join(columns, " IS NOT NULL AND "));
    }
    if (rule == "never") {
        return "true";
    }
    return fail(ErrorKind::invalid,
                "{}: ignore_row_if is none of all_values_are_missing, "
                "any_value_is_missing, never",
                expectation.type);
}

Result<CheckPlan> plan_compound(const Expectation& expectation, const TableShape& shape) {
    const json list = argument(expectation, "column_list");
    if (!list.is_array() || list.empty()) {
        return missing_argument(expectation, "column_list");
    }
    std::vector<std::string> columns;
    for (const json& name : list) {
        TRY_LET(const auto* column, find_column(name, expectation, shape));
        columns.push_back(quote_identifier(column->name));
    }
    TRY_LET(const std::string counts, considered_rows(expectation, columns));
    return CheckPlan{
        .kind = CheckPlan::Kind::values,
        .considered = fmt::format("count(*) FILTER (WHERE {})", counts),
        .unexpected = rows_repeated(shape, fmt::format("{}", fmt::join(columns, ", ")), counts),
        .counts_missing = true};
}

Result<std::optional<std::uint64_t>> row_bound(const Expectation& expectation, const char* name) {
    const json value = argument(expectation, name);
    if (value.is_null()) {
        return std::optional<std::uint64_t>();
    }
    if (!value.is_number_unsigned()) {
        return fail(ErrorKind::invalid, "{}: {} must be a whole number, not negative",
                    expectation.type, name);
    }
    return value.get<std::uint64_t>();
}

Result<CheckPlan> plan_row_count(const Expectation& expectation, const TableShape&) {
    TRY_LET(auto least, row_bound(expectation, "min_value"));
    TRY_LET(auto most, row_bound(expectation, "max_value"));
    if (least && most && *least > *most) {
        return fail(ErrorKind::invalid, "{}: min_value cannot be greater than max_value",
                    expectation.type);
    }
    if (least && flag(expectation, "strict_min")) {
        ++*least;
    }
    CheckPlan plan{.kind = CheckPlan::Kind::row_count, .at_least = least, .at_most = most};
    if (most && flag(expectation, "strict_max")) {
        if (*most == 0) {
            return CheckPlan{.kind = CheckPlan::Kind::row_count, .at_least = 1, .at_most = 0};
        }
        --*plan.at_most;
    }
    return plan;
}

Result<CheckPlan> plan_row_count_equal(const Expectation& expectation, const TableShape&) {
    TRY_LET(const auto value, row_bound(expectation, "value"));
    if (!value) {
        return missing_argument(expectation, "value");
    }
    return CheckPlan{.kind = CheckPlan::Kind::row_count, .at_least = value, .at_most = value};
}

Result<CheckPlan> plan_exists(const Expectation& expectation, const TableShape& shape) {
    const json name = argument(expectation, "column");
    if (!name.is_string()) {
        return missing_argument(expectation, "column");
    }
    const ShapeColumn* const column = shape.find(name.get<std::string>());
    const json place = argument(expectation, "column_index");
    const bool placed = place.is_null() || (column != nullptr && place.is_number_integer() &&
                                            column - shape.columns.data() == place);
    return CheckPlan{.verdict = column != nullptr && placed};
}

}  // namespace

Result<CheckPlan> plan_check(const Expectation& expectation, const TableShape& shape) {
    static const std::map<std::string, Planner, std::less<>> planners{
        {"expect_column_to_exist", plan_exists},
        {"expect_column_values_to_not_be_null", plan_null},
        {"expect_column_values_to_be_null", plan_null},
        {"expect_column_values_to_be_unique", plan_unique},
        {"expect_column_values_to_be_in_set", plan_set},
        {"expect_column_values_to_not_be_in_set", plan_set},
        {"expect_column_values_to_be_between", plan_between},
        {"expect_compound_columns_to_be_unique", plan_compound},
        {"expect_table_row_count_to_be_between", plan_row_count},
        {"expect_table_row_count_to_equal", plan_row_count_equal},
    };
    if (shape.columns.empty()) {
        return fail(ErrorKind::invalid, "there is no table {}", shape.name.to_string());
    }
    const auto planner = planners.find(expectation.type);
    if (planner == planners.end()) {
        return fail(ErrorKind::unsupported, "this release does not know the expectation {}",
                    expectation.type);
    }
    return planner->second(expectation, shape);
}

}  // namespace weir::quality
