#include "models/dbt_location.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "models/program_search.h"

namespace weir::models {

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
    if (const auto program = find_program(configured, folders)) {
        return std::filesystem::absolute(*program).lexically_normal();
    }
    return fail(ErrorKind::not_found,
                "cannot find dbt: install dbt-core 1.12 and dbt-duckdb 1.11 with duckdb 1.5.5 in a "
                "Python environment and name its program as models.dbt in weir.yaml, name={}",
                configured);
}

}  // namespace weir::models
