#include "capture/postgres/value_codec.h"

#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
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

Result<Fit> stored(const arrow::Status& status) {
    if (!status.ok()) {
        return fail(ErrorKind::internal, "cannot build column: {}", status.ToString());
    }
    return Fit::stored;
}

std::unexpected<Error> malformed() {
    return fail(ErrorKind::corrupt, "a value is none of its type");
}

template <typename Builder, typename Value>
Result<Fit> put(arrow::ArrayBuilder& builder, Value value) {
    return stored(static_cast<Builder&>(builder).Append(value));
}

/// from_chars reads "Infinity", "-Infinity" and "NaN" as PostgreSQL writes them, and "inf" too.
template <typename Builder, typename Value>
Result<Fit> put_parsed(arrow::ArrayBuilder& builder, std::string_view text) {
    Value value{};
    const char* end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || parsed != end) {
        return malformed();
    }
    return put<Builder>(builder, value);
}

Result<Fit> put_string(arrow::ArrayBuilder& builder, std::string_view text) {
    return is_utf8(text) ? put<arrow::StringBuilder>(builder, text) : Result<Fit>(Fit::outside);
}

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

template <typename Builder, typename Number>
Result<Fit> put_integer(arrow::ArrayBuilder& builder, std::span<const std::byte> value) {
    ByteCursor cursor(value);
    TRY_LET(const auto number, cursor.take<Number>());
    return cursor.at_end() ? put<Builder>(builder, number) : malformed();
}

template <typename Builder, typename Number, typename Bits>
Result<Fit> put_float(arrow::ArrayBuilder& builder, std::span<const std::byte> value) {
    ByteCursor cursor(value);
    TRY_LET(const auto bits, cursor.take<Bits>());
    const auto number = std::bit_cast<Number>(bits);
    // Text knows one NaN, and a stream may be either.
    const auto told = std::isnan(number) ? std::numeric_limits<Number>::quiet_NaN() : number;
    return cursor.at_end() ? put<Builder>(builder, told) : malformed();
}

Result<Fit> put_decimal_text(arrow::ArrayBuilder& builder, std::string_view text,
                             std::int32_t precision, std::int32_t scale) {
    if (text == "NaN" || text.ends_with("nfinity")) {
        return Fit::outside;
    }
    arrow::Decimal128 decimal;
    std::int32_t found_precision = 0;
    std::int32_t found_scale = 0;
    if (!arrow::Decimal128::FromString(text, &decimal, &found_precision, &found_scale).ok()) {
        return malformed();
    }
    const auto rescaled = decimal.Rescale(found_scale, scale);
    if (!rescaled.ok() || !rescaled->FitsInPrecision(precision)) {
        return Fit::outside;
    }
    return put<arrow::Decimal128Builder>(builder, *rescaled);
}

Result<Fit> put_timestamp(arrow::ArrayBuilder& builder, std::int64_t postgres_micros) {
    const auto micros = timestamp_from_postgres(postgres_micros);
    return micros ? put<arrow::TimestampBuilder>(builder, *micros) : Result<Fit>(Fit::outside);
}

Result<Fit> put_date(arrow::ArrayBuilder& builder, std::int32_t postgres_days) {
    const auto days = date_from_postgres(postgres_days);
    return days ? put<arrow::Date32Builder>(builder, *days) : malformed();
}

Result<Fit> put_uuid(arrow::ArrayBuilder& builder, std::span<const std::byte> value) {
    if (value.size() != 16) {
        return malformed();
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

Result<Fit> put_hex(arrow::ArrayBuilder& builder, std::string_view text) {
    if (!text.starts_with("\\x") || text.size() % 2 != 0) {
        return malformed();
    }
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t index = 2; index < text.size(); index += 2) {
        unsigned byte = 0;
        const char* end = text.data() + index + 2;
        if (std::from_chars(text.data() + index, end, byte, 16).ptr != end) {
            return malformed();
        }
        bytes += static_cast<char>(static_cast<unsigned char>(byte));
    }
    return put<arrow::BinaryBuilder>(builder, std::string_view(bytes));
}

std::shared_ptr<arrow::DataType> timestamp_type(bool with_zone) {
    return with_zone ? arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")
                     : arrow::timestamp(arrow::TimeUnit::MICRO);
}

}  // namespace

// One line for each type. NOLINTNEXTLINE(readability-function-size)
ValueCodec ValueCodec::create(TypeOid type, std::int32_t type_modifier, bool enum_type) {
    if (enum_type) {
        return {Kind::text, arrow::utf8(), true};
    }
    switch (type.value) {
        case bool_oid: return {Kind::boolean, arrow::boolean(), true};
        case int2_oid: return {Kind::int16, arrow::int16(), true};
        case int4_oid: return {Kind::int32, arrow::int32(), true};
        case int8_oid: return {Kind::int64, arrow::int64(), true};
        case float4_oid: return {Kind::float32, arrow::float32(), true};
        case float8_oid: return {Kind::float64, arrow::float64(), true};
        case text_oid:
        case varchar_oid:
        case bpchar_oid:
        case name_oid:
        case json_oid: return {Kind::text, arrow::utf8(), true};
        case jsonb_oid: return {Kind::jsonb, arrow::utf8(), true};
        case uuid_oid: return {Kind::uuid, arrow::utf8(), true};
        case bytea_oid: return {Kind::bytes, arrow::binary(), true};
        case date_oid: return {Kind::date, arrow::date32(), true};
        case time_oid: return {Kind::time, arrow::time64(arrow::TimeUnit::MICRO), true};
        case timestamp_oid: return {Kind::timestamp, timestamp_type(false), true};
        case timestamptz_oid: return {Kind::timestamp, timestamp_type(true), true};
        case numeric_oid: break;
        default: return {Kind::text, arrow::utf8(), false};
    }
    // numeric's modifier: precision in the high half, scale (11 bits, signed) in the low, plus 4.
    const std::int32_t packed = type_modifier - 4;
    const std::int32_t precision = packed >> 16;
    const std::int32_t scale = ((packed & 0x7FF) ^ 1024) - 1024;
    if (type_modifier < 4 || precision > 38 || scale < 0 || scale > precision) {
        return {Kind::numeric_text, arrow::utf8(), true};
    }
    ValueCodec codec(Kind::decimal, arrow::decimal128(precision, scale), true);
    codec.precision_ = precision;
    codec.scale_ = scale;
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

Result<Fit> ValueCodec::append(std::span<const std::byte> value, ValueForm form,
                               arrow::ArrayBuilder& builder) const {
    return form == ValueForm::binary && reads_binary_ ? append_binary(value, builder)
                                                      : append_text(as_text(value), builder);
}

// One line for each type. NOLINTNEXTLINE(readability-function-size)
Result<Fit> ValueCodec::append_text(std::string_view text, arrow::ArrayBuilder& builder) const {
    switch (kind_) {
        case Kind::boolean:
            return text == "t" || text == "f" ? put<arrow::BooleanBuilder>(builder, text == "t")
                                              : malformed();
        case Kind::int16: return put_parsed<arrow::Int16Builder, std::int16_t>(builder, text);
        case Kind::int32: return put_parsed<arrow::Int32Builder, std::int32_t>(builder, text);
        case Kind::int64: return put_parsed<arrow::Int64Builder, std::int64_t>(builder, text);
        case Kind::float32: return put_parsed<arrow::FloatBuilder, float>(builder, text);
        case Kind::float64: return put_parsed<arrow::DoubleBuilder, double>(builder, text);
        case Kind::decimal: return put_decimal_text(builder, text, precision_, scale_);
        case Kind::numeric_text:
        case Kind::text:
        case Kind::uuid:
        case Kind::jsonb: return put_string(builder, text);
        case Kind::bytes: return put_hex(builder, text);
        case Kind::date: {
            const auto days = parse_date(text);
            return days ? put_date(builder, *days) : malformed();
        }
        case Kind::time: {
            const auto micros = parse_time(text);
            return micros ? put<arrow::Time64Builder>(builder, *micros) : malformed();
        }
        case Kind::timestamp: {
            const auto micros = parse_timestamp(text);
            return micros ? put_timestamp(builder, *micros) : malformed();
        }
    }
    WEIR_ASSERT(false && "a Kind is one of its enumerators");
    return malformed();
}

// One line for each type. NOLINTNEXTLINE(readability-function-size)
Result<Fit> ValueCodec::append_binary(std::span<const std::byte> value,
                                      arrow::ArrayBuilder& builder) const {
    ByteCursor cursor(value);
    switch (kind_) {
        case Kind::boolean: {
            TRY_LET(const auto flag, cursor.take<std::uint8_t>());
            return put<arrow::BooleanBuilder>(builder, flag != 0);
        }
        case Kind::int16: return put_integer<arrow::Int16Builder, std::int16_t>(builder, value);
        case Kind::int32: return put_integer<arrow::Int32Builder, std::int32_t>(builder, value);
        case Kind::int64: return put_integer<arrow::Int64Builder, std::int64_t>(builder, value);
        case Kind::float32:
            return put_float<arrow::FloatBuilder, float, std::uint32_t>(builder, value);
        case Kind::float64:
            return put_float<arrow::DoubleBuilder, double, std::uint64_t>(builder, value);
        case Kind::decimal: {
            TRY_LET(const Numeric numeric, Numeric::parse(value));
            if (!numeric.is_finite()) {
                return Fit::outside;
            }
            const auto scaled = numeric.scaled(scale_);
            if (scaled &&
                (precision_ >= 18 || arrow::Decimal128(*scaled).FitsInPrecision(precision_))) {
                return put<arrow::Decimal128Builder>(builder, arrow::Decimal128(*scaled));
            }
            return put_decimal_text(builder, numeric.to_text(), precision_, scale_);
        }
        case Kind::numeric_text: {
            TRY_LET(const Numeric numeric, Numeric::parse(value));
            return put<arrow::StringBuilder>(builder, std::string_view(numeric.to_text()));
        }
        case Kind::text: return put_string(builder, as_text(value));
        case Kind::bytes: return put<arrow::BinaryBuilder>(builder, as_text(value));
        case Kind::uuid: return put_uuid(builder, value);
        case Kind::jsonb: {
            TRY_LET(const auto version, cursor.take<std::uint8_t>());
            return version == 1 ? put_string(builder, as_text(cursor.rest())) : malformed();
        }
        case Kind::date: {
            TRY_LET(const auto days, cursor.take<std::int32_t>());
            return put_date(builder, days);
        }
        case Kind::time: return put_integer<arrow::Time64Builder, std::int64_t>(builder, value);
        case Kind::timestamp: {
            TRY_LET(const auto micros, cursor.take<std::int64_t>());
            return put_timestamp(builder, micros);
        }
    }
    WEIR_ASSERT(false && "a Kind is one of its enumerators");
    return malformed();
}

std::string ValueCodec::text_of(std::span<const std::byte> value, ValueForm form) const {
    if (landed_type_->id() == arrow::Type::STRING) {
        return escaped(as_text(value));
    }
    if (form == ValueForm::text) {
        return std::string(as_text(value));
    }
    if (kind_ == Kind::decimal) {
        const auto numeric = Numeric::parse(value);
        return numeric ? numeric->to_text() : std::string();
    }
    WEIR_ASSERT(kind_ == Kind::timestamp);
    const auto micros = ByteCursor(value).take<std::int64_t>();
    const auto& type = static_cast<const arrow::TimestampType&>(*landed_type_);
    return micros ? format_timestamp(*micros) + (type.timezone().empty() ? "" : "+00")
                  : std::string();
}

}  // namespace weir::capture::postgres
