#include "quality/literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace weir::quality {
namespace {

using nlohmann::json;

constexpr auto digits_max = 15;  // Every decimal of so many digits survives a double.

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

/// [-] digits [. digits]
bool is_decimal(std::string_view text) {
    if (text.starts_with('-')) {
        text.remove_prefix(1);
    }
    const auto dots = std::ranges::count(text, '.');
    return !text.empty() && is_digit(text.front()) && is_digit(text.back()) && dots <= 1 &&
           std::ranges::all_of(text, [](char letter) { return is_digit(letter) || letter == '.'; });
}

Result<std::string> number_literal(const json& value) {
    if (!value.is_number_float()) {
        return value.dump();
    }
    std::string shortest = value.dump();
    const auto mantissa = std::string_view(shortest).substr(0, shortest.find('e'));
    if (std::ranges::count_if(mantissa, is_digit) > digits_max + 1) {
        return fail(ErrorKind::invalid,
                    "a number of more than {} digits is not exact in JSON: write it as a text",
                    digits_max);
    }
    if (mantissa.size() == shortest.size()) {
        return shortest;
    }
    const auto number = value.get<double>();
    return std::abs(number) >= 1 ? fmt::format("{:.0f}", number) : fmt::format("{:.30f}", number);
}

}  // namespace

Result<std::string> literal_for(const json& value, const ShapeColumn& column) {
    const ValueClass kind = column.value_class();
    const bool numeric = kind == ValueClass::number || kind == ValueClass::decimal;
    if (value.is_number() && numeric) {
        return number_literal(value);
    }
    if (value.is_boolean() && kind == ValueClass::boolean) {
        return value.dump();
    }
    if (value.is_string()) {
        auto text = value.get<std::string>();
        if (kind == ValueClass::text) {
            return sql::quote_literal(text);
        }
        if (kind == ValueClass::temporal) {
            return fmt::format("CAST({} AS {})", sql::quote_literal(text), column.type);
        }
        if (kind == ValueClass::decimal && is_decimal(text)) {
            return text;
        }
    }
    return fail(ErrorKind::invalid,
                "column {} has type {}, which a JSON {} cannot be compared with", column.name,
                column.type, value.type_name());
}

}  // namespace weir::quality
