#include "refine/column_refiner.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "columnar/arrow_status.h"
#include "refine/typed_text.h"

namespace weir::refine {
namespace {

/// Runs over the values that are not null.
template <typename Array, typename Visit>
void for_each_value(const arrow::Array& landed, Visit&& visit) {
    const auto& values = static_cast<const Array&>(landed);
    for (std::int64_t row = 0; row < values.length(); ++row) {
        if (values.IsValid(row)) {
            visit(row, values.GetView(row));
        }
    }
}

/// Puts the outcome of `convert` for each value into a new column, and nulls elsewhere.
template <typename Builder, typename Array, typename Convert>
arrow::Result<std::shared_ptr<arrow::Array>> convert_values(
    const std::shared_ptr<arrow::DataType>& type, const arrow::Array& landed,
    const std::string& column, Verdicts& verdicts, Convert&& convert) {
    Builder builder(type, arrow::default_memory_pool());
    ARROW_RETURN_NOT_OK(builder.Reserve(landed.length()));
    const auto& values = static_cast<const Array&>(landed);
    for (std::int64_t row = 0; row < values.length(); ++row) {
        if (values.IsNull(row)) {
            builder.UnsafeAppendNull();
        } else if (const auto typed = convert(values.GetView(row))) {
            builder.UnsafeAppend(*typed);
        } else {
            verdicts.try_emplace(row, Verdict{.reason = typed.error(), .column = column});
            builder.UnsafeAppendNull();
        }
    }
    return builder.Finish();
}

/// What a conversion of a column needs.
struct Conversion {
    const std::shared_ptr<arrow::DataType>& type;
    const arrow::Array& landed;
    const std::string& column;
    Verdicts& verdicts;

    template <typename Builder, typename Array, typename Convert>
    arrow::Result<std::shared_ptr<arrow::Array>> run(Convert&& convert) const {
        return convert_values<Builder, Array>(type, landed, column, verdicts,
                                              std::forward<Convert>(convert));
    }
};

template <typename Array>
arrow::Result<std::shared_ptr<arrow::Array>> integers_to_decimal(const Conversion& conversion,
                                                                 const DeclaredType& declared) {
    return conversion.run<arrow::Decimal128Builder, Array>([&](auto value) {
        return rescale_decimal(arrow::Decimal128(value), 0, declared.precision, declared.scale);
    });
}

/// Reads a value as Arrow stores it.
arrow::Decimal128 decimal_of(std::string_view bytes) {
    std::array<std::uint8_t, 16> copy{};
    WEIR_ASSERT(bytes.size() == copy.size());
    std::memcpy(copy.data(), bytes.data(), copy.size());
    return arrow::Decimal128(copy.data());
}

arrow::Result<std::shared_ptr<arrow::Array>> to_decimal(const Conversion& conversion,
                                                        const DeclaredType& declared) {
    switch (conversion.landed.type_id()) {
        case arrow::Type::INT16:
            return integers_to_decimal<arrow::Int16Array>(conversion, declared);
        case arrow::Type::INT32:
            return integers_to_decimal<arrow::Int32Array>(conversion, declared);
        case arrow::Type::INT64:
            return integers_to_decimal<arrow::Int64Array>(conversion, declared);
        case arrow::Type::DECIMAL128: {
            const auto& type = static_cast<const arrow::Decimal128Type&>(*conversion.landed.type());
            return conversion.run<arrow::Decimal128Builder, arrow::Decimal128Array>(
                [&](std::string_view bytes) {
                    return rescale_decimal(decimal_of(bytes), type.scale(), declared.precision,
                                           declared.scale);
                });
        }
        default:
            return conversion.run<arrow::Decimal128Builder, arrow::StringArray>(
                [&](std::string_view text) {
                    return read_decimal(text, declared.precision, declared.scale);
                });
    }
}

void judge(bool holds, std::int64_t row, QuarantineReason reason, const std::string& column,
           Verdicts& verdicts) {
    if (!holds) {
        verdicts.try_emplace(row, Verdict{.reason = reason, .column = column});
    }
}

/// Judges values that keep their type.
void judge_values(const arrow::Array& landed, bool is_json_column, const std::string& column,
                  Verdicts& verdicts) {
    if (landed.type_id() == arrow::Type::DATE32) {
        for_each_value<arrow::Date32Array>(landed, [&](std::int64_t row, std::int32_t days) {
            judge(is_in_date_range(days), row, QuarantineReason::date_out_of_range, column,
                  verdicts);
        });
    } else if (landed.type_id() == arrow::Type::TIMESTAMP) {
        for_each_value<arrow::TimestampArray>(landed, [&](std::int64_t row, std::int64_t us) {
            judge(is_in_timestamp_range(us), row, QuarantineReason::date_out_of_range, column,
                  verdicts);
        });
    } else if (is_json_column) {
        for_each_value<arrow::StringArray>(landed, [&](std::int64_t row, std::string_view text) {
            judge(is_json(text), row, QuarantineReason::malformed_json, column, verdicts);
        });
    }
}

}  // namespace

ColumnRefiner::ColumnRefiner(std::string column, const DeclaredType* declared,
                             std::shared_ptr<arrow::DataType> type)
    : column_(std::move(column)), declared_(declared), type_(std::move(type)) {}

Result<std::shared_ptr<arrow::Array>> ColumnRefiner::refine(
    const std::shared_ptr<arrow::Array>& landed, Verdicts& verdicts) const {
    if (landed->type()->Equals(*type_)) {
        const bool is_json_column =
            declared_ != nullptr && declared_->kind == DeclaredType::Kind::json;
        judge_values(*landed, is_json_column, column_, verdicts);
        return landed;
    }
    const Conversion conversion{
        .type = type_, .landed = *landed, .column = column_, .verdicts = verdicts};
    switch (declared_->kind) {
        case DeclaredType::Kind::decimal:
            return columnar::from_arrow(to_decimal(conversion, *declared_), ErrorKind::internal);
        case DeclaredType::Kind::date:
            return columnar::from_arrow(
                conversion.run<arrow::Date32Builder, arrow::StringArray>(read_date),
                ErrorKind::internal);
        case DeclaredType::Kind::timestamp:
            return columnar::from_arrow(
                conversion.run<arrow::TimestampBuilder, arrow::StringArray>(read_timestamp),
                ErrorKind::internal);
        case DeclaredType::Kind::json: break;  // Text stays text.
    }
    WEIR_ASSERT(false && "refined_type refuses other conversions");
    return landed;
}

}  // namespace weir::refine
