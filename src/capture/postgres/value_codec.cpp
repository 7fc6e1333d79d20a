#include "capture/postgres/value_codec.h"

#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>

#include "base/assert.h"
#include "base/byte_text.h"
#include "capture/postgres/byte_cursor.h"
#include "capture/postgres/moment.h"
#include "capture/postgres/numeric.h"
#include "capture/postgres/utf8.h"

namespace weir::capture::postgres {
namespace {

// pg_type.oid of the types with a binary form that weir reads (PostgreSQL's pg_type.dat).
constexpr std::uint32_t bool_oid = 16, bytea_oid = 17, name_oid = 19, int8_oid = 20, int2_oid = 21,
                        int4_oid = 23, text_oid = 25, json_oid = 114, float4_oid = 700,
                        float8_oid = 701, bpchar_oid = 1042, varchar_oid = 1043, date_oid = 1082,
                        time_oid = 1083, timestamp_oid = 1114, timestamptz_oid = 1184,
                        numeric_oid = 1700, uuid_oid = 2950, jsonb_oid = 3802;

/// Bytes that are no text, as bytea_output = escape writes them.
std::string escaped(std::string_view bytes) {
    std::string text;
    for (const char letter : bytes) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == '\\') {
            text += "\\\\";
        } else {
            text +=
                byte < 0x20 || byte > 0x7E ? fmt::format("\\{:03o}", byte) : std::string(1, letter);
        }
    }
    return text;
}

using DecimalShape = ValueCodec::DecimalShape;
using Bytes = std::span<const std::byte>;

/// Makes room for one more value. `length` is virtual, which would cost a call for each value.
bool has_room(arrow::ArrayBuilder& builder) {
    return builder.ArrayBuilder::length() < builder.capacity() || builder.Reserve(1).ok();
}

template <typename Builder, typename Value>
Fit put(arrow::ArrayBuilder& builder, Value value) {
    auto& typed = static_cast<Builder&>(builder);
    if (!has_room(builder)) {
        return Fit::no_memory;
    }
    if constexpr (std::derived_from<Builder, arrow::BinaryBuilder>) {
        if (!typed.ReserveData(static_cast<std::int64_t>(value.size())).ok()) {
            return Fit::no_memory;
        }
    }
    typed.UnsafeAppend(value);
    return Fit::stored;
}

Fit put_text(arrow::ArrayBuilder& builder, std::string_view text) {
    return is_utf8(text) ? put<arrow::StringBuilder>(builder, text) : Fit::outside;
}

Fit put_timestamp(arrow::ArrayBuilder& builder, std::int64_t postgres_micros) {
    const auto micros = timestamp_from_postgres(postgres_micros);
    return micros ? put<arrow::TimestampBuilder>(builder, *micros) : Fit::outside;
}

Fit put_date(arrow::ArrayBuilder& builder, std::int32_t postgres_days) {
    const auto days = date_from_postgres(postgres_days);
    return days ? put<arrow::Date32Builder>(builder, *days) : Fit::malformed;
}

Fit put_decimal_text(arrow::ArrayBuilder& builder, std::string_view text,
                     const DecimalShape& shape) {
    if (text == "NaN" || text.ends_with("nfinity")) {
        return Fit::outside;
    }
    arrow::Decimal128 decimal;
    std::int32_t found_precision = 0;
    std::int32_t found_scale = 0;
    if (!arrow::Decimal128::FromString(text, &decimal, &found_precision, &found_scale).ok()) {
        return Fit::malformed;
    }
    const auto rescaled = decimal.Rescale(found_scale, shape.scale);
    if (!rescaled.ok() || !rescaled->FitsInPrecision(shape.precision)) {
        return Fit::outside;
    }
    return put<arrow::Decimal128Builder>(builder, *rescaled);
}

// What follows reads one value each: of the text form, and of the binary form.

Fit read_bool_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const std::string_view text = as_text(value);
    return text == "t" || text == "f" ? put<arrow::BooleanBuilder>(builder, text == "t")
                                      : Fit::malformed;
}

Fit read_bool(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    return value.size() == 1 ? put<arrow::BooleanBuilder>(builder, value[0] != std::byte{0})
                             : Fit::malformed;
}

/// from_chars reads "Infinity", "-Infinity" and "NaN" as PostgreSQL writes them, and "inf" too.
template <typename Builder>
Fit read_number_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const std::string_view text = as_text(value);
    typename Builder::value_type number{};
    const char* end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && parsed == end ? put<Builder>(builder, number) : Fit::malformed;
}

template <typename Builder>
Fit read_integer(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    using Number = typename Builder::value_type;
    return value.size() == sizeof(Number)
               ? put<Builder>(builder, load_big_endian<Number>(value.data()))
               : Fit::malformed;
}

template <typename Builder, typename Bits>
Fit read_float(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    using Number = typename Builder::value_type;
    if (value.size() != sizeof(Bits)) {
        return Fit::malformed;
    }
    const auto number = std::bit_cast<Number>(load_big_endian<Bits>(value.data()));
    // Text knows one NaN, and a stream may be either.
    return put<Builder>(builder,
                        std::isnan(number) ? std::numeric_limits<Number>::quiet_NaN() : number);
}

Fit read_decimal_text(Bytes value, const DecimalShape& shape, arrow::ArrayBuilder& builder) {
    return put_decimal_text(builder, as_text(value), shape);
}

Fit read_decimal(Bytes value, const DecimalShape& shape, arrow::ArrayBuilder& builder) {
    const auto numeric = Numeric::parse(value);
    if (!numeric) {
        return Fit::malformed;
    }
    if (!numeric->is_finite()) {
        return Fit::outside;
    }
    const auto scaled = numeric->scaled(shape.scale);
    if (scaled && has_digits(*scaled, shape.precision)) {
        return put<arrow::Decimal128Builder>(builder, arrow::Decimal128(*scaled));
    }
    return put_decimal_text(builder, numeric->to_text(), shape);
}

Fit read_numeric_as_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const auto numeric = Numeric::parse(value);
    return numeric ? put<arrow::StringBuilder>(builder, std::string_view(numeric->to_text()))
                   : Fit::malformed;
}

Fit read_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    return put_text(builder, as_text(value));
}

Fit read_bytes_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const std::string_view text = as_text(value);
    if (!text.starts_with("\\x") || text.size() % 2 != 0) {
        return Fit::malformed;
    }
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t index = 2; index < text.size(); index += 2) {
        unsigned byte = 0;
        const char* end = text.data() + index + 2;
        if (std::from_chars(text.data() + index, end, byte, 16).ptr != end) {
            return Fit::malformed;
        }
        bytes += static_cast<char>(static_cast<unsigned char>(byte));
    }
    return put<arrow::BinaryBuilder>(builder, std::string_view(bytes));
}

Fit read_bytes(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    return put<arrow::BinaryBuilder>(builder, as_text(value));
}

Fit read_uuid(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    if (value.size() != 16) {
        return Fit::malformed;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 36> text{};
    std::size_t written = 0;
    for (std::size_t index = 0; index < value.size(); ++index) {
        if (index == 4 || index == 6 || index == 8 || index == 10) {
            text[written++] = '-';
        }
        text[written++] = digits[std::to_integer<unsigned>(value[index]) >> 4U];
        text[written++] = digits[std::to_integer<unsigned>(value[index]) & 0xFU];
    }
    return put<arrow::StringBuilder>(builder, std::string_view(text.data(), text.size()));
}

Fit read_jsonb(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    constexpr std::byte version{1};
    return !value.empty() && value[0] == version ? put_text(builder, as_text(value.subspan(1)))
                                                 : Fit::malformed;
}

Fit read_date_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const auto days = parse_date(as_text(value));
    return days ? put_date(builder, *days) : Fit::malformed;
}

Fit read_date(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    return value.size() == sizeof(std::int32_t)
               ? put_date(builder, load_big_endian<std::int32_t>(value.data()))
               : Fit::malformed;
}

Fit read_time_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const auto micros = parse_time(as_text(value));
    return micros ? put<arrow::Time64Builder>(builder, *micros) : Fit::malformed;
}

Fit read_timestamp_text(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    const auto micros = parse_timestamp(as_text(value));
    return micros ? put_timestamp(builder, *micros) : Fit::malformed;
}

Fit read_timestamp(Bytes value, const DecimalShape&, arrow::ArrayBuilder& builder) {
    return value.size() == sizeof(std::int64_t)
               ? put_timestamp(builder, load_big_endian<std::int64_t>(value.data()))
               : Fit::malformed;
}

std::shared_ptr<arrow::DataType> timestamp_type(bool with_zone) {
    return with_zone ? arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")
                     : arrow::timestamp(arrow::TimeUnit::MICRO);
}

}  // namespace

// One line for each type. NOLINTNEXTLINE(readability-function-size)
ValueCodec ValueCodec::create(TypeOid type, std::int32_t type_modifier, bool enum_type) {
    ValueCodec text(arrow::utf8(), read_text, read_text);
    if (enum_type) {
        return text;
    }
    switch (type.value) {
        case bool_oid: return {arrow::boolean(), read_bool_text, read_bool};
        case int2_oid:
            return {arrow::int16(), read_number_text<arrow::Int16Builder>,
                    read_integer<arrow::Int16Builder>};
        case int4_oid:
            return {arrow::int32(), read_number_text<arrow::Int32Builder>,
                    read_integer<arrow::Int32Builder>};
        case int8_oid:
            return {arrow::int64(), read_number_text<arrow::Int64Builder>,
                    read_integer<arrow::Int64Builder>};
        case float4_oid:
            return {arrow::float32(), read_number_text<arrow::FloatBuilder>,
                    read_float<arrow::FloatBuilder, std::uint32_t>};
        case float8_oid:
            return {arrow::float64(), read_number_text<arrow::DoubleBuilder>,
                    read_float<arrow::DoubleBuilder, std::uint64_t>};
        case text_oid:
        case varchar_oid:
        case bpchar_oid:
        case name_oid:
        case json_oid: return text;
        case jsonb_oid: return {arrow::utf8(), read_text, read_jsonb};
        case uuid_oid: return {arrow::utf8(), read_text, read_uuid};
        case bytea_oid: return {arrow::binary(), read_bytes_text, read_bytes};
        case date_oid: return {arrow::date32(), read_date_text, read_date};
        case time_oid:
            return {arrow::time64(arrow::TimeUnit::MICRO), read_time_text,
                    read_integer<arrow::Time64Builder>};
        case timestamp_oid: return {timestamp_type(false), read_timestamp_text, read_timestamp};
        case timestamptz_oid: return {timestamp_type(true), read_timestamp_text, read_timestamp};
        case numeric_oid: return create_numeric(type_modifier);
        default: return {arrow::utf8(), read_text, nullptr};
    }
}

ValueCodec ValueCodec::create_numeric(std::int32_t type_modifier) {
    // Precision in the high half, scale (11 bits, signed) in the low, plus 4.
    const std::int32_t packed = type_modifier - 4;
    const std::int32_t precision = packed >> 16;
    const std::int32_t scale = ((packed & 0x7FF) ^ 1024) - 1024;
    if (type_modifier < 4 || precision > 38 || scale < 0 || scale > precision) {
        return {arrow::utf8(), read_text, read_numeric_as_text};
    }
    ValueCodec codec(arrow::decimal128(precision, scale), read_decimal_text, read_decimal);
    codec.shape_ = {.precision = precision, .scale = scale};
    return codec;
}

ValueCodec ValueCodec::create_for(const std::shared_ptr<arrow::DataType>& landed_type) {
    switch (landed_type->id()) {
        case arrow::Type::BOOL: return create({bool_oid}, -1);
        case arrow::Type::INT16: return create({int2_oid}, -1);
        case arrow::Type::INT32: return create({int4_oid}, -1);
        case arrow::Type::INT64: return create({int8_oid}, -1);
        case arrow::Type::FLOAT: return create({float4_oid}, -1);
        case arrow::Type::DOUBLE: return create({float8_oid}, -1);
        case arrow::Type::BINARY: return create({bytea_oid}, -1);
        case arrow::Type::DATE32: return create({date_oid}, -1);
        case arrow::Type::TIME64: return create({time_oid}, -1);
        case arrow::Type::TIMESTAMP: {
            const auto& type = static_cast<const arrow::TimestampType&>(*landed_type);
            return create({type.timezone().empty() ? timestamp_oid : timestamptz_oid}, -1);
        }
        case arrow::Type::DECIMAL128: {
            const auto& type = static_cast<const arrow::Decimal128Type&>(*landed_type);
            return create({numeric_oid}, ((type.precision() << 16) | type.scale()) + 4);
        }
        default: return create({}, -1);
    }
}

std::string ValueCodec::text_of(std::span<const std::byte> value, ValueForm form) const {
    if (landed_type_->id() == arrow::Type::STRING) {
        return escaped(as_text(value));
    }
    if (form == ValueForm::text) {
        return std::string(as_text(value));
    }
    if (landed_type_->id() == arrow::Type::DECIMAL128) {
        const auto numeric = Numeric::parse(value);
        return numeric ? numeric->to_text() : std::string();
    }
    WEIR_ASSERT(landed_type_->id() == arrow::Type::TIMESTAMP);
    const auto micros = ByteCursor(value).take<std::int64_t>();
    const auto& type = static_cast<const arrow::TimestampType&>(*landed_type_);
    return micros ? format_timestamp(*micros) + (type.timezone().empty() ? "" : "+00")
                  : std::string();
}

}  // namespace weir::capture::postgres
