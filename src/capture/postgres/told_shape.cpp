#include "capture/postgres/told_shape.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace weir::capture::postgres {
namespace {

using nlohmann::json;

// PostgreSQL's own limit is 1,600 columns at a time; those that were dropped keep their numbers.
constexpr std::int64_t column_number_max = std::numeric_limits<std::int16_t>::max();

std::unexpected<Error> unreadable(std::string_view field) {
    return fail(ErrorKind::corrupt, "cannot read what the DDL trigger tells of a table, field={}",
                field);
}

const json* find(const json& object, std::string_view field) {
    if (!object.is_object()) {
        return nullptr;
    }
    const auto found = object.find(field);
    return found == object.end() ? nullptr : &*found;
}

template <typename Number>
Result<Number> number_of(const json& object, std::string_view field,
                         std::int64_t low = std::numeric_limits<Number>::min(),
                         std::int64_t high = std::numeric_limits<Number>::max()) {
    const json* value = find(object, field);
    if (value == nullptr || !value->is_number_integer() ||
        (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) ||
        value->get<std::int64_t>() < low || value->get<std::int64_t>() > high) {
        return unreadable(field);
    }
    return static_cast<Number>(value->get<std::int64_t>());
}

Result<std::string> text_of(const json& object, std::string_view field) {
    const json* value = find(object, field);
    if (value == nullptr || !value->is_string()) {
        return unreadable(field);
    }
    return value->get<std::string>();
}

Result<std::string> name_of(const json& object, std::string_view field) {
    TRY_LET(std::string name, text_of(object, field));
    if (name.empty() || name.find('\0') != std::string::npos) {
        return unreadable(field);
    }
    return name;
}

Result<bool> flag_of(const json& object, std::string_view field) {
    const json* value = find(object, field);
    if (value == nullptr || !value->is_boolean()) {
        return unreadable(field);
    }
    return value->get<bool>();
}

/// Reads a letter out of `letters`; of an empty text 0.
Result<char> letter_of(const json& object, std::string_view field, std::string_view letters) {
    TRY_LET(const std::string text, text_of(object, field));
    if (text.empty()) {
        return char{0};
    }
    if (text.size() != 1 || letters.find(text[0]) == std::string_view::npos) {
        return unreadable(field);
    }
    return text[0];
}

Result<std::optional<std::string>> missing_value_of(const json& object) {
    const json* value = find(object, "missing");
    if (value != nullptr && value->is_null()) {
        return std::nullopt;
    }
    TRY_LET(std::string text, text_of(object, "missing"));
    return std::optional(std::move(text));
}

Status read_base(const json& object, ToldColumn& column) {
    const json* base = find(object, "base");
    if (base != nullptr && base->is_null()) {
        return {};
    }
    if (base == nullptr || !base->is_array() || base->size() != 2 || !(*base)[0].is_string() ||
        !(*base)[1].is_string()) {
        return unreadable("base");
    }
    column.base_schema = (*base)[0].get<std::string>();
    column.base_name = (*base)[1].get<std::string>();
    return {};
}

Result<ToldColumn> column_of(const json& object) {
    ToldColumn column;
    TRY_LET(column.number, number_of<std::uint32_t>(object, "number", 1, column_number_max));
    TRY_LET(column.name, name_of(object, "name"));
    TRY_LET(column.type.value, number_of<std::uint32_t>(object, "type"));
    TRY_LET(column.type_modifier, number_of<std::int32_t>(object, "modifier"));
    TRY(read_base(object, column));
    TRY_LET(const bool not_null, flag_of(object, "not_null"));
    column.nullable = !not_null;
    TRY_LET(column.in_key, flag_of(object, "key"));
    TRY_LET(column.generated, letter_of(object, "generated", "sv"));
    TRY_LET(column.has_own, flag_of(object, "default"));
    TRY_LET(column.missing_value, missing_value_of(object));
    return column;
}

Result<std::vector<ToldColumn>> columns_of(const json& object) {
    const json* list = find(object, "columns");
    if (list == nullptr || !list->is_array()) {
        return unreadable("columns");
    }
    std::vector<ToldColumn> columns;
    std::set<std::string> names;
    for (const json& told : *list) {
        TRY_LET(ToldColumn column, column_of(told));
        const bool in_order = columns.empty() || columns.back().number < column.number;
        if (!in_order || !names.insert(column.name).second) {
            return unreadable("columns");
        }
        columns.push_back(std::move(column));
    }
    return columns;
}

Result<catalog::TableName> table_of(const json& object) {
    catalog::TableName table;
    TRY_LET(table.schema, name_of(object, "schema"));
    TRY_LET(table.table, name_of(object, "table"));
    return table;
}

json parse(std::string_view text) {
    constexpr bool throws = false;
    return json::parse(text, nullptr, throws);
}

}  // namespace

Result<ToldShape> parse_told_shape(std::string_view text) {
    const json object = parse(text);
    ToldShape shape;
    TRY_LET(shape.relation.value, number_of<std::uint32_t>(object, "relation"));
    TRY_LET(shape.table, table_of(object));
    TRY_LET(shape.replica_identity, letter_of(object, "identity", "dfin"));
    TRY_LET(shape.rewritten, flag_of(object, "rewritten"));
    TRY_LET(shape.columns, columns_of(object));
    if (shape.replica_identity == 0) {
        return unreadable("identity");
    }
    return shape;
}

std::optional<catalog::TableName> told_table(std::string_view text) {
    auto table = table_of(parse(text));
    return table ? std::optional(*std::move(table)) : std::nullopt;
}

std::optional<std::uint32_t> told_transaction(std::string_view text) {
    const auto number = number_of<std::uint32_t>(parse(text), "transaction");
    return number ? std::optional(*number) : std::nullopt;
}

}  // namespace weir::capture::postgres
