#include "app/trusted_key.h"

#include <fstream>
#include <iterator>

#include "ledger/key_file.h"

namespace weir::app {

Result<std::string> read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
        return fail(ErrorKind::not_found, "cannot read the file; look at its path, path={}",
                    path.string());
    }
    return text;
}

Result<std::optional<ledger::VerifyingKey>> trusted_key(const std::string& text) {
    if (text.empty()) {
        return std::nullopt;
    }
    std::string key = text;
    std::error_code error;
    if (std::filesystem::is_regular_file(text, error)) {
        TRY_LET(key, read_text(text));
        key.erase(key.find_last_not_of(" \n") + 1);
    }
    TRY_LET(auto trusted, ledger::parse_verifier_key(key));
    return std::optional(std::move(trusted));
}

}  // namespace weir::app
