#include "refine/typed_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/ascii_text.h"

namespace weir::refine {
namespace {

constexpr std::string_view spaces = " ";
constexpr std::int64_t day_us = 86'400'000'000;
constexpr std::int32_t date_infinity = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t timestamp_infinity = std::numeric_limits<std::int64_t>::max();
// DuckDB's first timestamp, 290309-12-22 (BC) 00:00:00.
constexpr std::int64_t timestamp_min = -9'223'372'022'400'000'000;

/// Takes all digits that `rest` begins with.
std::string_view take_digits(std::string_view& rest) {
    const std::size_t count = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const std::string_view digits = rest.substr(0, count);
    rest.remove_prefix(count);
    return digits;
}

bool take(std::string_view& rest, char letter) {
    if (!rest.starts_with(letter)) {
        return false;
    }
    rest.remove_prefix(1);
    return true;
}

/// A number as written: sign, all its digits, and by which power of ten they count.
struct WrittenNumber {
    bool negative = false;
    std::string digits;  // Without zeros at either end; empty for zero.
    std::int64_t exponent = 0;
};

/// Reads `e+5`; an exponent past any decimal's reach is kept as such.
std::optional<std::int64_t> take_exponent(std::string_view& rest) {
    constexpr std::int64_t beyond = 1'000'000;
    if (!take(rest, 'e') && !take(rest, 'E')) {
        return 0;
    }
    const bool negative = take(rest, '-');
    if (!negative) {
        take(rest, '+');
    }
    const std::string_view digits = take_digits(rest);
    if (digits.empty()) {
        return std::nullopt;
    }
    std::int64_t exponent = beyond;
    std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    exponent = std::min(exponent, beyond);
    return negative ? -exponent : exponent;
}

std::optional<WrittenNumber> read_number(std::string_view rest) {
    WrittenNumber number{.negative = take(rest, '-'), .digits = {}};
    if (!number.negative) {
        take(rest, '+');
    }
    number.digits = take_digits(rest);
    const std::string_view fraction = take(rest, '.') ? take_digits(rest) : std::string_view{};
    number.digits += fraction;
    const auto exponent = take_exponent(rest);
    if (number.digits.empty() || !exponent || !rest.empty()) {
        return std::nullopt;
    }
    number.exponent = *exponent - static_cast<std::int64_t>(fraction.size());
    while (number.digits.ends_with('0')) {
        number.digits.pop_back();
        ++number.exponent;
    }
    number.digits.erase(0, number.digits.find_first_not_of('0'));
    return number;
}

bool is_special_number(std::string_view text) {
    return text == "NaN" || text == "Infinity" || text == "-Infinity";
}

std::optional<std::int64_t> take_number(std::string_view& rest, std::size_t digits_min,
                                        std::size_t digits_max) {
    const std::string_view digits = take_digits(rest);
    if (digits.size() < digits_min || digits.size() > digits_max) {
        return std::nullopt;
    }
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. The calendar repeats every
/// 400 years, so that `std::chrono`, whose years end at 32767, does for all.
std::optional<std::int64_t> days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
    constexpr std::int64_t era_days = 146'097;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year - era * 400)),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!date.ok()) {
        return std::nullopt;
    }
    return era * era_days + std::chrono::sys_days(date).time_since_epoch().count();
}

/// Takes `2024-02-29`; `is_bc` says how years count.
std::optional<std::int64_t> take_date(std::string_view& rest, bool is_bc) {
    const auto year = take_number(rest, 4, 7);
    if (!year || *year == 0 || !take(rest, '-')) {
        return std::nullopt;
    }
    const auto month = take_number(rest, 2, 2);
    if (!month || !take(rest, '-')) {
        return std::nullopt;
    }
    const auto day = take_number(rest, 2, 2);
    return day ? days_of(is_bc ? 1 - *year : *year, *month, *day) : std::nullopt;
}

bool take_bc(std::string_view& text) {
    constexpr std::string_view mark = " BC";
    if (!text.ends_with(mark)) {
        return false;
    }
    text.remove_suffix(mark.size());
    return true;
}

/// A time of day; `fine` if it has digits below the microsecond.
struct TimeOfDay {
    std::int64_t us = 0;
    bool fine = false;
};

/// Takes `.000001`, or nothing.
std::optional<TimeOfDay> take_fraction(std::string_view& rest) {
    constexpr std::size_t digits_max = 6;
    if (!take(rest, '.')) {
        return TimeOfDay{};
    }
    const std::string_view digits = take_digits(rest);
    if (digits.empty()) {
        return std::nullopt;
    }
    std::string padded(digits.substr(0, digits_max));
    padded.resize(digits_max, '0');
    TimeOfDay time;
    std::from_chars(padded.data(), padded.data() + padded.size(), time.us);
    time.fine = digits.find_first_not_of('0', digits_max) != std::string_view::npos;
    return time;
}

/// Takes `23:59:59.000001`; seconds may be missing.
std::optional<TimeOfDay> take_time(std::string_view& rest) {
    const auto hour = take_number(rest, 2, 2);
    if (!hour || !take(rest, ':')) {
        return std::nullopt;
    }
    const auto minute = take_number(rest, 2, 2);
    const auto second = take(rest, ':') ? take_number(rest, 2, 2) : std::optional<std::int64_t>(0);
    if (!minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
        return std::nullopt;
    }
    auto time = take_fraction(rest);
    if (time) {
        time->us += ((*hour * 60 + *minute) * 60 + *second) * 1'000'000;
    }
    return time;
}

}  // namespace

Typed<arrow::Decimal128> read_decimal(std::string_view text, std::int32_t precision,
                                      std::int32_t scale) {
    text = trimmed(text, spaces);
    const auto number = read_number(text);
    if (!number) {
        return std::unexpected(is_special_number(text) ? QuarantineReason::number_out_of_range
                                                       : QuarantineReason::malformed_number);
    }
    if (number->digits.empty()) {
        return arrow::Decimal128(0);
    }
    const std::int64_t zeros = number->exponent + scale;
    if (zeros < 0 || static_cast<std::int64_t>(number->digits.size()) + zeros > precision) {
        return std::unexpected(QuarantineReason::number_out_of_range);
    }
    const std::string digits = number->digits + std::string(static_cast<std::size_t>(zeros), '0');
    // At most 38 digits: it cannot fail.
    const auto value = arrow::Decimal128::FromString(digits).ValueOrDie();
    return number->negative ? arrow::Decimal128(-value) : value;
}

Typed<arrow::Decimal128> rescale_decimal(const arrow::Decimal128& value, std::int32_t from_scale,
                                         std::int32_t precision, std::int32_t scale) {
    const auto rescaled = value.Rescale(from_scale, scale);
    if (!rescaled.ok() || !rescaled->FitsInPrecision(precision)) {
        return std::unexpected(QuarantineReason::number_out_of_range);
    }
    return *rescaled;
}

Typed<std::int32_t> read_date(std::string_view text) {
    text = trimmed(text, spaces);
    if (text == "infinity" || text == "-infinity") {
        return text.starts_with('-') ? -date_infinity : date_infinity;
    }
    const bool is_bc = take_bc(text);
    const auto days = take_date(text, is_bc);
    if (!days || !text.empty()) {
        return std::unexpected(QuarantineReason::malformed_date);
    }
    if (*days <= -date_infinity || *days >= date_infinity) {
        return std::unexpected(QuarantineReason::date_out_of_range);
    }
    return static_cast<std::int32_t>(*days);
}

Typed<std::int64_t> read_timestamp(std::string_view text) {
    text = trimmed(text, spaces);
    if (text == "infinity" || text == "-infinity") {
        return text.starts_with('-') ? -timestamp_infinity : timestamp_infinity;
    }
    const bool is_bc = take_bc(text);
    const auto days = take_date(text, is_bc);
    if (!days || (!take(text, ' ') && !take(text, 'T'))) {
        return std::unexpected(QuarantineReason::malformed_date);
    }
    const auto time = take_time(text);
    if (!time || !text.empty()) {
        return std::unexpected(QuarantineReason::malformed_date);
    }
    std::int64_t value = 0;
    if (time->fine || __builtin_mul_overflow(*days, day_us, &value) ||
        __builtin_add_overflow(value, time->us, &value) || value < timestamp_min ||
        value == timestamp_infinity) {
        return std::unexpected(QuarantineReason::date_out_of_range);
    }
    return value;
}

bool is_json(std::string_view text) {
    return nlohmann::json::accept(text);
}

bool is_in_date_range(std::int32_t days) {
    return days >= -date_infinity;
}

bool is_in_timestamp_range(std::int64_t microseconds) {
    return microseconds >= timestamp_min || microseconds == -timestamp_infinity;
}

}  // namespace weir::refine
