#include "models/program_search.h"

#include <unistd.h>

#include <algorithm>

namespace weir::models {

bool is_program(const std::filesystem::path& file) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

std::vector<std::filesystem::path> folders_of(std::string_view search_path) {
    std::vector<std::filesystem::path> folders;
    while (!search_path.empty()) {
        const std::size_t end = search_path.find(':');
        if (const auto folder = search_path.substr(0, end); !folder.empty()) {
            folders.emplace_back(folder);
        }
        search_path.remove_prefix(end == std::string_view::npos ? search_path.size() : end + 1);
    }
    return folders;
}

std::optional<std::filesystem::path> find_program(const std::string& name,
                                                  std::span<const std::filesystem::path> folders) {
    const auto found = std::ranges::find_if(
        folders, [&](const auto& folder) { return is_program(folder / name); });
    return found == folders.end() ? std::nullopt : std::optional(*found / name);
}

}  // namespace weir::models
