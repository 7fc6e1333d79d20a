#include "simulate/calendar.h"

#include <chrono>

#include "base/assert.h"

namespace weir::simulate {
namespace {

void append_digits(std::string& out, std::int64_t number, int digits) {
    const std::size_t begin = out.size();
    out.append(static_cast<std::size_t>(digits), '0');
    for (std::size_t at = out.size(); at > begin; number /= 10) {
        out[--at] = static_cast<char>('0' + number % 10);
    }
}

}  // namespace

Day day_of(int year, unsigned month, unsigned day) {
    return static_cast<Day>(std::chrono::sys_days(std::chrono::year(year) /
                                                  std::chrono::month(month) / std::chrono::day(day))
                                .time_since_epoch()
                                .count());
}

void append_date(std::string& out, Day day) {
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    WEIR_ASSERT(int{date.year()} >= 1000 && int{date.year()} <= 9999);
    append_digits(out, int{date.year()}, 4);
    out += '-';
    append_digits(out, unsigned{date.month()}, 2);
    out += '-';
    append_digits(out, unsigned{date.day()}, 2);
}

void append_moment(std::string& out, Micros time) {
    WEIR_ASSERT(time >= 0);
    append_date(out, day_of(time));
    const Micros seconds = (time % micros_per_day) / micros_per_second;
    out += ' ';
    append_digits(out, seconds / 3600, 2);
    out += ':';
    append_digits(out, seconds / 60 % 60, 2);
    out += ':';
    append_digits(out, seconds % 60, 2);
    out += '.';
    append_digits(out, time % micros_per_second, 6);
}

}  // namespace weir::simulate
