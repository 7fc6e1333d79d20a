#include "app/stage_errors.h"

#include <fstream>
#include <system_error>

namespace weir::app {

void StageErrors::note(std::string_view stage, const Error& error) {
    const std::scoped_lock lock(mutex_);
    std::ofstream(file_of(stage), std::ios::trunc) << error.to_string() << '\n';
}

void StageErrors::clear(std::string_view stage) {
    const std::scoped_lock lock(mutex_);
    std::error_code ignored;
    std::filesystem::remove(file_of(stage), ignored);
}

std::optional<std::string> StageErrors::read(std::string_view stage) const {
    std::ifstream file(file_of(stage));
    std::string line;
    return std::getline(file, line) ? std::optional(line) : std::nullopt;
}

std::filesystem::path StageErrors::file_of(std::string_view stage) const {
    return folder_ / (std::string(stage) + ".error");
}

}  // namespace weir::app
