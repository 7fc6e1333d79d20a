#include "capture/postgres/moment.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace weir::capture::postgres {
namespace {

constexpr std::int64_t micros_1970_to_2000 = std::int64_t{days_1970_to_2000} * micros_per_day;
// So many days of microseconds fit an int64.
constexpr std::int64_t timestamp_days_max =
    std::numeric_limits<std::int64_t>::max() / micros_per_day;
constexpr auto int64_max = std::numeric_limits<std::int64_t>::max();
constexpr auto int32_max = std::numeric_limits<std::int32_t>::max();

/// Days from 1970-01-01 of a proleptic Gregorian date; the year may be zero or less. The algorithm
/// is Howard Hinnant's days_from_civil.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year = (153 * (month + (month > 2 ? -3U : 9U)) + 2) / 5 + day - 1;
    const unsigned day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

struct Civil {
    std::int64_t year;
    unsigned month;
    unsigned day;
};

Civil civil_from_days(std::int64_t days) {
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
    const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted_month = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
            day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

std::optional<std::int64_t> take_number(std::string_view& text, std::size_t digits_min,
                                        std::size_t digits_max) {
    std::int64_t number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + std::min(text.size(), digits_max), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || digits < digits_min || text.front() == '-') {
        return std::nullopt;
    }
    text.remove_prefix(digits);
    return number;
}

bool take_letter(std::string_view& text, char letter) {
    if (!text.starts_with(letter)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

/// Takes "YYYY-MM-DD", still as of the common era.
std::optional<Civil> take_civil(std::string_view& text) {
    const auto year = take_number(text, 4, 7);
    if (!year || !take_letter(text, '-')) {
        return std::nullopt;
    }
    const auto month = take_number(text, 2, 2);
    if (!month || !take_letter(text, '-')) {
        return std::nullopt;
    }
    const auto day = take_number(text, 2, 2);
    if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31) {
        return std::nullopt;
    }
    return Civil{*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)};
}

std::int64_t postgres_days(const Civil& civil, bool before_christ) {
    const std::int64_t year = before_christ ? 1 - civil.year : civil.year;
    return days_from_civil(year, civil.month, civil.day) - days_1970_to_2000;
}

bool take_era(std::string_view& text) {
    if (!text.ends_with(" BC")) {
        return false;
    }
    text.remove_suffix(3);
    return true;
}

/// Takes "HH:MM:SS" with up to six digits of a fraction.
std::optional<std::int64_t> take_time(std::string_view& text) {
    const auto hour = take_number(text, 2, 2);
    if (!hour || !take_letter(text, ':')) {
        return std::nullopt;
    }
    const auto minute = take_number(text, 2, 2);
    if (!minute || !take_letter(text, ':')) {
        return std::nullopt;
    }
    const auto second = take_number(text, 2, 2);
    if (!second || *hour > 24 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    std::int64_t micros = ((*hour * 60 + *minute) * 60 + *second) * 1'000'000;
    if (take_letter(text, '.')) {
        const std::size_t before = text.size();
        const auto fraction = take_number(text, 1, 6);
        if (!fraction) {
            return std::nullopt;
        }
        std::int64_t scaled = *fraction;
        for (std::size_t digits = before - text.size(); digits < 6; ++digits) {
            scaled *= 10;
        }
        micros += scaled;
    }
    return micros;
}

}  // namespace

std::optional<std::int32_t> date_from_postgres(std::int32_t days) {
    if (days == int32_max) {
        return int32_max;
    }
    if (days == std::numeric_limits<std::int32_t>::min()) {
        return -int32_max;
    }
    if (days >= int32_max - days_1970_to_2000) {
        return std::nullopt;
    }
    return days + days_1970_to_2000;
}

std::optional<std::int64_t> timestamp_from_postgres(std::int64_t micros) {
    if (micros == int64_max) {
        return int64_max;
    }
    if (micros == std::numeric_limits<std::int64_t>::min()) {
        return -int64_max;
    }
    if (micros >= int64_max - micros_1970_to_2000) {
        return std::nullopt;
    }
    return micros + micros_1970_to_2000;
}

std::optional<std::int32_t> parse_date(std::string_view text) {
    if (text == "infinity") {
        return int32_max;
    }
    if (text == "-infinity") {
        return std::numeric_limits<std::int32_t>::min();
    }
    const bool before_christ = take_era(text);
    const auto civil = take_civil(text);
    if (!civil || !text.empty()) {
        return std::nullopt;
    }
    const std::int64_t days = postgres_days(*civil, before_christ);
    if (days >= int32_max || days <= std::numeric_limits<std::int32_t>::min()) {
        return std::nullopt;
    }
    return static_cast<std::int32_t>(days);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    const auto micros = take_time(text);
    return text.empty() ? micros : std::nullopt;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
    if (text == "infinity") {
        return int64_max;
    }
    if (text == "-infinity") {
        return std::numeric_limits<std::int64_t>::min();
    }
    const bool before_christ = take_era(text);
    const auto civil = take_civil(text);
    if (!civil || !take_letter(text, ' ')) {
        return std::nullopt;
    }
    const auto time = take_time(text);
    if (text == "+00") {
        text = {};
    }
    if (!time || !text.empty()) {
        return std::nullopt;
    }
    const std::int64_t days = postgres_days(*civil, before_christ);
    if (days >= timestamp_days_max || days <= -timestamp_days_max) {
        return std::nullopt;
    }
    return days * micros_per_day + *time;
}

std::string format_timestamp(std::int64_t micros) {
    std::int64_t days = micros / micros_per_day;
    std::int64_t rest = micros % micros_per_day;
    if (rest < 0) {
        rest += micros_per_day;
        --days;
    }
    const Civil civil = civil_from_days(days + days_1970_to_2000);
    const std::int64_t seconds = rest / 1'000'000;
    std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
                                   civil.year > 0 ? civil.year : 1 - civil.year, civil.month,
                                   civil.day, seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (rest % 1'000'000 != 0) {
        text += fmt::format(".{:06}", rest % 1'000'000);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return civil.year > 0 ? text : text + " BC";
}

}  // namespace weir::capture::postgres
