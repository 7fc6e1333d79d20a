#include "landing/landed_path.h"

#include <fmt/format.h>

#include <charconv>

namespace weir::landing {
namespace {

std::string folder(const catalog::TableName& table, Timestamp time) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("landing/{}/year={:04}/month={:02}/day={:02}", table.to_string(),
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

}  // namespace

std::string cut_file_path(const catalog::TableName& table, Timestamp time, ledger::CutNumber cut,
                          std::uint32_t part) {
    return fmt::format("{}/cut-{:012}-part-{:04}", folder(table, time), cut.value, part);
}

std::string chunk_file_path(const catalog::TableName& table, Timestamp time, std::uint32_t attempt,
                            std::uint32_t chunk, std::uint32_t part) {
    return fmt::format("{}/snapshot-{:04}-chunk-{:06}-part-{:04}", folder(table, time), attempt,
                       chunk, part);
}

std::optional<ledger::Epoch> epoch_of_key(std::string_view key) {
    const std::size_t mark = key.rfind("-e");
    if (!key.starts_with("landing/") || mark == std::string_view::npos) {
        return std::nullopt;
    }
    ledger::Epoch epoch;
    const std::string_view digits = key.substr(mark + 2);
    std::from_chars(digits.data(), digits.data() + digits.size(), epoch.value);
    // Only what `stored_key` writes.
    return ledger::stored_key(key.substr(0, mark), epoch) == key ? std::optional(epoch)
                                                                 : std::nullopt;
}

}  // namespace weir::landing
