#include "refine/processing_path.h"

#include <fmt/format.h>

#include <chrono>

namespace weir::refine {

std::string processing_path(const catalog::TableName& table, Timestamp time, ledger::CutNumber cut,
                            std::uint32_t part) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("processing/{}/load_dt={:04}-{:02}-{:02}/cut-{:012}-part-{:04}",
                       table.to_string(), static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       cut.value, part);
}

std::string quarantine_path(const catalog::TableName& table, ledger::CutNumber cut,
                            std::uint32_t part) {
    return fmt::format("quarantine/{}/cut-{:012}-part-{:04}", table.to_string(), cut.value, part);
}

}  // namespace weir::refine
