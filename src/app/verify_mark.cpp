#include "app/verify_mark.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace weir::app {

Result<VerifyMark> read_verify_mark(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) {
        return fail(ErrorKind::not_found, "no verification has got anywhere yet, path={}",
                    path.string());
    }
    const auto mark = nlohmann::json::parse(file, nullptr, false);
    const auto is_text = [&](const char* name) {
        return mark.is_object() && mark.contains(name) && mark[name].is_string();
    };
    if (!is_text("checkpoint") || !is_text("path") || !mark.contains("entry") ||
        !mark["entry"].is_number_unsigned()) {
        return fail(ErrorKind::invalid,
                    "cannot resume the verification: its mark is damaged; verify without --resume, "
                    "path={}",
                    path.string());
    }
    return VerifyMark{.checkpoint = mark["checkpoint"],
                      .last = {.entry = mark["entry"], .key = mark["path"]}};
}

Status write_verify_mark(const std::filesystem::path& path, const VerifyMark& mark) {
    const std::filesystem::path unfinished = path.string() + ".unfinished";
    const nlohmann::json text = {
        {"checkpoint", mark.checkpoint}, {"entry", mark.last.entry}, {"path", mark.last.key}};
    std::ofstream file(unfinished, std::ios::trunc);
    file << text.dump() << '\n';
    file.close();
    std::error_code error;
    if (file) {
        std::filesystem::rename(unfinished, path, error);
    }
    if (!file || error) {
        return fail(ErrorKind::unavailable,
                    "cannot remember how far the verification is; check rights and space, path={}",
                    path.string());
    }
    return {};
}

}  // namespace weir::app
