#include "ledger/time_text.h"

#include <charconv>

namespace weir::ledger {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view form = "YYYY-MM-DDThh:mm:ss.uuuuuuZ";

/// Reads digits at a place of `form`; what is no number comes out as something that is not written
/// the same way again.
template <typename Number>
Number number_at(std::string_view text, std::size_t offset, std::size_t digits) {
    Number number = 0;
    std::from_chars(text.data() + offset, text.data() + offset + digits, number);
    return number;
}

}  // namespace

Result<std::string> format_time(Timestamp time) {
    const auto day = floor<days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const int year = static_cast<int>(date.year());
    if (year < 0 || year > 9999) {
        return fail(ErrorKind::invalid, "cannot write time: the year has not four digits, year={}",
                    year);
    }
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", year,
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

Result<Timestamp> parse_time(std::string_view text) {
    const auto refuse = [] {
        return fail(ErrorKind::corrupt, "the time is not written as {}", form);
    };
    if (text.size() != form.size()) {
        return refuse();
    }
    const std::chrono::year_month_day date{std::chrono::year(number_at<int>(text, 0, 4)),
                                           std::chrono::month(number_at<unsigned>(text, 5, 2)),
                                           std::chrono::day(number_at<unsigned>(text, 8, 2))};
    if (!date.ok()) {
        return refuse();
    }
    const Timestamp time = std::chrono::sys_days(date) + hours(number_at<unsigned>(text, 11, 2)) +
                           minutes(number_at<unsigned>(text, 14, 2)) +
                           seconds(number_at<unsigned>(text, 17, 2)) +
                           microseconds(number_at<unsigned>(text, 20, 6));
    const auto again = format_time(time);
    if (!again || *again != text) {
        return refuse();
    }
    return time;
}

}  // namespace weir::ledger
