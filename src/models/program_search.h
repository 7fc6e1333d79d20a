#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::models {

/// Whether this is a file that this user may run.
bool is_program(const std::filesystem::path& file);

/// Returns the folders of a text such as PATH's.
std::vector<std::filesystem::path> folders_of(std::string_view search_path);

/// Returns the program of this name in the first folder that has one.
std::optional<std::filesystem::path> find_program(const std::string& name,
                                                  std::span<const std::filesystem::path> folders);

}  // namespace weir::models
