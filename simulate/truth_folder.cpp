#include "simulate/truth_folder.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

namespace weir::simulate {
namespace {

Status write_file(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path draft = path.string() + ".new";
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    std::error_code error;
    if (file) {
        std::filesystem::rename(draft, path, error);
    }
    if (!file || error) {
        return fail(ErrorKind::unavailable,
                    "cannot write truth file: {}; free space or choose another --truth, path={}",
                    error ? error.message() : std::strerror(errno), path.string());
    }
    return {};
}

}  // namespace

Result<TruthFolder> TruthFolder::open(std::filesystem::path folder) {
    std::error_code error;
    std::filesystem::create_directories(folder / "commits", error);
    if (error) {
        return fail(ErrorKind::invalid,
                    "cannot make truth folder: {}; choose a --truth that can be written, path={}",
                    error.message(), folder.string());
    }
    return TruthFolder(std::move(folder));
}

Status TruthFolder::keep(const Life& life) const {
    if (life.number() % milestone_distance != 0) {
        return {};
    }
    return write_file(folder_ / "commits" / fmt::format("{}.json", life.number()),
                      life.truth_json());
}

Status TruthFolder::finish(const Life& life) const {
    return write_file(folder_ / "final.json", life.truth_json());
}

}  // namespace weir::simulate
