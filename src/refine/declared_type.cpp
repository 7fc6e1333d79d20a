#include "refine/declared_type.h"

#include <arrow/type.h>

#include "base/assert.h"

namespace weir::refine {
namespace {

using Kind = DeclaredType::Kind;

bool can_become(arrow::Type::type landed, Kind kind) {
    switch (kind) {
        case Kind::decimal:
            return landed == arrow::Type::STRING || landed == arrow::Type::DECIMAL128 ||
                   landed == arrow::Type::INT16 || landed == arrow::Type::INT32 ||
                   landed == arrow::Type::INT64;
        case Kind::date: return landed == arrow::Type::STRING || landed == arrow::Type::DATE32;
        case Kind::timestamp:
            return landed == arrow::Type::STRING || landed == arrow::Type::TIMESTAMP;
        case Kind::json: return landed == arrow::Type::STRING;
    }
    WEIR_ASSERT(false && "a Kind is one of its enumerators");
    return false;
}

std::shared_ptr<arrow::DataType> arrow_type(const DeclaredType& declared) {
    switch (declared.kind) {
        case Kind::decimal: return arrow::decimal128(declared.precision, declared.scale);
        case Kind::date: return arrow::date32();
        case Kind::timestamp: return arrow::timestamp(arrow::TimeUnit::MICRO);
        case Kind::json: return arrow::utf8();
    }
    WEIR_ASSERT(false && "a Kind is one of its enumerators");
    return nullptr;
}

bool has_zone(const arrow::DataType& type) {
    return type.id() == arrow::Type::TIMESTAMP &&
           !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

}  // namespace

Result<DeclaredType> DeclaredType::parse(std::string_view text) {
    for (const Kind kind : {Kind::date, Kind::timestamp, Kind::json}) {
        const DeclaredType type{.kind = kind};
        if (type.to_string() == text) {
            return type;
        }
    }
    const auto decimal = text.starts_with("decimal(")
                             ? catalog::landed_type_from_name(text)
                             : Result<std::shared_ptr<arrow::DataType>>(nullptr);
    if (!decimal || *decimal == nullptr) {
        return fail(ErrorKind::invalid,
                    "cannot read declared type: write decimal(p,s), date, timestamp or json, "
                    "type={}",
                    text);
    }
    const auto& type = static_cast<const arrow::Decimal128Type&>(**decimal);
    return DeclaredType{
        .kind = Kind::decimal, .precision = type.precision(), .scale = type.scale()};
}

std::string DeclaredType::to_string() const {
    switch (kind) {
        case Kind::decimal: return fmt::format("decimal({},{})", precision, scale);
        case Kind::date: return "date";
        case Kind::timestamp: return "timestamp";
        case Kind::json: return "json";
    }
    WEIR_ASSERT(false && "a Kind is one of its enumerators");
    return {};
}

Status DeclaredTypes::declare(std::string_view column, std::string_view type) {
    const std::size_t dot = column.rfind('.');
    if (dot == std::string_view::npos || dot + 1 == column.size()) {
        return fail(ErrorKind::invalid, "cannot declare type: write schema.table.column, column={}",
                    column);
    }
    TRY_LET(auto table, catalog::TableName::parse(column.substr(0, dot)));
    TRY_LET(const DeclaredType declared, DeclaredType::parse(type));
    types_.insert_or_assign({std::move(table), std::string(column.substr(dot + 1))}, declared);
    return {};
}

const DeclaredType* DeclaredTypes::find(const catalog::TableName& table,
                                        std::string_view column) const {
    const auto found = types_.find(std::pair(table, std::string(column)));
    return found == types_.end() ? nullptr : &found->second;
}

Result<std::shared_ptr<arrow::DataType>> refined_type(const catalog::Column& column,
                                                      const DeclaredType* declared) {
    if (declared == nullptr) {
        return column.landed_type;
    }
    if (!can_become(column.landed_type->id(), declared->kind) || has_zone(*column.landed_type)) {
        return fail(ErrorKind::invalid,
                    "cannot use declared type: the column's own type does not become it; remove "
                    "the declaration, column={}, landed={}, declared={}",
                    column.name, catalog::landed_type_name(*column.landed_type),
                    declared->to_string());
    }
    return arrow_type(*declared);
}

}  // namespace weir::refine
