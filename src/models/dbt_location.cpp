#include "models/dbt_location.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace weir::models {
namespace {

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

}  // namespace

Result<std::filesystem::path> find_dbt(const std::string& configured,
                                       const std::filesystem::path& prefix,
                                       std::string_view search_path) {
    if (configured.contains('/')) {
        if (is_program(configured)) {
            return std::filesystem::absolute(configured);
        }
        return fail(ErrorKind::not_found,
                    "cannot find dbt: models.dbt names no program that may be run, path={}",
                    configured);
    }
    const std::filesystem::path above = (prefix / "..").lexically_normal();
    std::vector<std::filesystem::path> folders{above / ".deps" / "python" / "bin",
                                               prefix / "python" / "bin"};
    std::ranges::copy(folders_of(search_path), std::back_inserter(folders));
    for (const auto& folder : folders) {
        if (is_program(folder / configured)) {
            return std::filesystem::absolute(folder / configured).lexically_normal();
        }
    }
    return fail(ErrorKind::not_found,
                "cannot find dbt: install dbt-core 1.12 and dbt-duckdb 1.11 with duckdb 1.5.5 in a "
                "Python environment and name its program as models.dbt in weir.yaml, name={}",
                configured);
}

}  // namespace weir::models
