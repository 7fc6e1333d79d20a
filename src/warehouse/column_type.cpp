#include "warehouse/column_type.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/assert.h"
#include "catalog/table_contract.h"

namespace weir::warehouse {
namespace {

using arrow::Type;
using TypePointer = std::shared_ptr<arrow::DataType>;

struct Digits {
    std::int32_t before_point = 0;
    std::int32_t after_point = 0;
};

std::optional<Digits> digits_of(const arrow::DataType& type) {
    switch (type.id()) {
        case Type::INT16: return Digits{5, 0};
        case Type::INT32: return Digits{10, 0};
        case Type::INT64: return Digits{19, 0};
        case Type::DECIMAL128: {
            const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
            return Digits{decimal.precision() - decimal.scale(), decimal.scale()};
        }
        default: return std::nullopt;
    }
}

// Two exact numbers; none if 38 digits are too few.
TypePointer common_number(const TypePointer& left, const TypePointer& right) {
    const Digits one = *digits_of(*left);
    const Digits other = *digits_of(*right);
    if (arrow::is_integer(left->id()) && arrow::is_integer(right->id())) {
        return one.before_point >= other.before_point ? left : right;
    }
    const std::int32_t scale = std::max(one.after_point, other.after_point);
    const std::int32_t precision = scale + std::max(one.before_point, other.before_point);
    return precision <= 38 ? arrow::decimal128(precision, scale) : arrow::utf8();
}

bool are(const arrow::DataType& left, const arrow::DataType& right, Type::type one,
         Type::type other) {
    return (left.id() == one && right.id() == other) || (left.id() == other && right.id() == one);
}

}  // namespace

TypePointer common_type(const TypePointer& left, const TypePointer& right) {
    if (left->Equals(right)) {
        return left;
    }
    if (digits_of(*left) && digits_of(*right)) {
        return common_number(left, right);
    }
    if (are(*left, *right, Type::FLOAT, Type::DOUBLE)) {
        return arrow::float64();
    }
    return arrow::utf8();
}

std::string sql_type(const arrow::DataType& type) {
    switch (type.id()) {
        case Type::BOOL: return "BOOLEAN";
        case Type::INT16: return "SMALLINT";
        case Type::INT32: return "INTEGER";
        case Type::INT64: return "BIGINT";
        case Type::FLOAT: return "FLOAT";
        case Type::DOUBLE: return "DOUBLE";
        case Type::STRING: return "VARCHAR";
        case Type::BINARY: return "BLOB";
        case Type::DATE32: return "DATE";
        case Type::TIME64: return "TIME";
        case Type::TIMESTAMP:
            return static_cast<const arrow::TimestampType&>(type).timezone().empty()
                       ? "TIMESTAMP"
                       : "TIMESTAMPTZ";
        case Type::DECIMAL128: {
            const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
            return fmt::format("DECIMAL({},{})", decimal.precision(), decimal.scale());
        }
        default: WEIR_ASSERT(false && "a landed type is in docs/types.md"); return {};
    }
}

}  // namespace weir::warehouse
