#include "catalog/table_contract.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace weir::catalog {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 10> own_names{"_op",
                                                     "_cut",
                                                     "_commit_position",
                                                     "_ordinal",
                                                     "_transaction_id",
                                                     "_commit_time",
                                                     "_schema_version",
                                                     "_load_dt",
                                                     "_unchanged",
                                                     "_before"};

constexpr char lower_case(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

constexpr bool is_plain(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_';
}

std::string encode_part(std::string_view part) {
    std::string text;
    for (const char letter : part) {
        if (is_plain(letter)) {
            text += letter;
        } else {
            text += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
        }
    }
    return text;
}

std::optional<char> decode_hex(std::string_view digits) {
    unsigned value = 0;
    const auto* const end = digits.data() + digits.size();
    if (digits.size() != 2 || std::from_chars(digits.data(), end, value, 16).ptr != end) {
        return std::nullopt;
    }
    return static_cast<char>(static_cast<unsigned char>(value));
}

std::optional<std::string> decode_part(std::string_view text) {
    std::string part;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] != '%') {
            part += text[index];
            continue;
        }
        const auto letter = decode_hex(text.substr(index + 1, 2));
        if (!letter) {
            return std::nullopt;
        }
        part += *letter;
        index += 2;
    }
    // Only what `encode_part` writes: no two texts mean the same name.
    return !part.empty() && encode_part(part) == text ? std::optional(part) : std::nullopt;
}

struct NamedType {
    std::string_view name;
    std::shared_ptr<arrow::DataType> type;
};

const auto& named_types() {
    static const std::array types{
        NamedType{"bool", arrow::boolean()},
        NamedType{"int16", arrow::int16()},
        NamedType{"int32", arrow::int32()},
        NamedType{"int64", arrow::int64()},
        NamedType{"float32", arrow::float32()},
        NamedType{"float64", arrow::float64()},
        NamedType{"text", arrow::utf8()},
        NamedType{"bytes", arrow::binary()},
        NamedType{"date", arrow::date32()},
        NamedType{"time", arrow::time64(arrow::TimeUnit::MICRO)},
        NamedType{"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO)},
        NamedType{"timestamptz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
    };
    return types;
}

Result<std::shared_ptr<arrow::DataType>> decimal_from_name(std::string_view name) {
    constexpr std::string_view prefix = "decimal(";
    const std::size_t comma = name.find(',');
    if (!name.starts_with(prefix) || !name.ends_with(')') || comma == std::string_view::npos) {
        return fail(ErrorKind::corrupt, "cannot read landed type: unknown, name={}", name);
    }
    std::int32_t precision = 0;
    std::int32_t scale = -1;
    std::from_chars(name.data() + prefix.size(), name.data() + comma, precision);
    std::from_chars(name.data() + comma + 1, name.data() + name.size() - 1, scale);
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision ||
        fmt::format("decimal({},{})", precision, scale) != name) {
        return fail(ErrorKind::corrupt, "cannot read landed type: bad precision or scale, name={}",
                    name);
    }
    return arrow::decimal128(precision, scale);
}

std::string_view identity_name(RowIdentity identity) {
    switch (identity) {
        case RowIdentity::key: return "key";
        case RowIdentity::full: return "full";
        case RowIdentity::none: return "none";
    }
    WEIR_ASSERT(false && "a RowIdentity is one of its enumerators");
    return {};
}

Result<RowIdentity> identity_from_name(std::string_view name) {
    for (const RowIdentity identity : {RowIdentity::key, RowIdentity::full, RowIdentity::none}) {
        if (identity_name(identity) == name) {
            return identity;
        }
    }
    return fail(ErrorKind::corrupt, "unknown row identity, name={}", name);
}

json column_to_json(const Column& column) {
    json object = {{"id", column.id},
                   {"name", column.name},
                   {"source_type", column.source_type},
                   {"type", landed_type_name(*column.landed_type)},
                   {"nullable", column.nullable},
                   {"in_key", column.in_key},
                   {"tags", column.tags}};
    if (column.missing_value) {
        object["missing_value"] = *column.missing_value;
    }
    return object;
}

Result<Column> column_from_json(const json& object) {
    TRY_LET(auto type, landed_type_from_name(object.at("type").get<std::string>()));
    std::optional<std::string> missing_value;
    if (object.contains("missing_value")) {
        missing_value = object.at("missing_value").get<std::string>();
    }
    return Column{.id = object.at("id"),
                  .name = object.at("name"),
                  .source_type = object.at("source_type"),
                  .landed_type = std::move(type),
                  .nullable = object.at("nullable"),
                  .in_key = object.at("in_key"),
                  .tags = object.at("tags"),
                  .missing_value = std::move(missing_value)};
}

Result<TableContract> contract_from_parsed(const json& object) {
    TRY_LET(auto name, TableName::parse(object.at("table").get<std::string>()));
    TRY_LET(const RowIdentity identity,
            identity_from_name(object.at("identity").get<std::string>()));
    TableContract contract{.name = std::move(name),
                           .version = {object.at("version")},
                           .identity = identity,
                           .columns = {}};
    for (const json& column : object.at("columns")) {
        TRY_LET(contract.columns.emplace_back(), column_from_json(column));
    }
    return contract;
}

}  // namespace

std::string TableName::to_string() const {
    return fmt::format("{}.{}", encode_part(schema), encode_part(table));
}

Result<TableName> TableName::parse(std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) {
        return fail(ErrorKind::invalid, "cannot read table name: no dot, text={}", text);
    }
    auto schema = decode_part(text.substr(0, dot));
    auto table = decode_part(text.substr(dot + 1));
    if (!schema || !table) {
        return fail(ErrorKind::invalid, "cannot read table name: not percent-encoded, text={}",
                    text);
    }
    return TableName{.schema = *std::move(schema), .table = *std::move(table)};
}

std::string key_class(const Column& column) {
    const auto found = std::ranges::find_if(
        column.tags, [](const std::string& tag) { return tag != unclassified_tag; });
    return found == column.tags.end() ? std::string() : *found;
}

bool TableContract::has_key() const {
    return std::ranges::any_of(columns, &Column::in_key);
}

const Column* TableContract::find_column(std::string_view column_name) const {
    const auto found = std::ranges::find(columns, column_name, &Column::name);
    return found == columns.end() ? nullptr : &*found;
}

bool is_own_name(std::string_view column_name) {
    return std::ranges::any_of(own_names, [&](std::string_view own) {
        return std::ranges::equal(own, column_name, {}, {}, lower_case);
    });
}

std::string to_json(const TableContract& contract) {
    json columns = json::array();
    for (const Column& column : contract.columns) {
        columns.push_back(column_to_json(column));
    }
    return json{{"table", contract.name.to_string()},
                {"version", contract.version.number},
                {"identity", identity_name(contract.identity)},
                {"columns", std::move(columns)}}
        .dump();
}

Result<TableContract> contract_from_json(std::string_view text) {
    try {
        return contract_from_parsed(json::parse(text)).with("cannot read table contract");
    } catch (const json::exception& error) {
        return fail(ErrorKind::corrupt, "cannot read table contract: {}", error.what());
    }
}

std::string landed_type_name(const arrow::DataType& type) {
    if (type.id() == arrow::Type::DECIMAL128) {
        const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
        return fmt::format("decimal({},{})", decimal.precision(), decimal.scale());
    }
    for (const NamedType& named : named_types()) {
        if (named.type->Equals(type)) {
            return std::string(named.name);
        }
    }
    WEIR_ASSERT(false && "a landed type is in docs/types.md");
    return {};
}

Result<std::shared_ptr<arrow::DataType>> landed_type_from_name(std::string_view name) {
    for (const NamedType& named : named_types()) {
        if (named.name == name) {
            return named.type;
        }
    }
    return decimal_from_name(name);
}

}  // namespace weir::catalog
