#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "ledger/note_key.h"

namespace weir::app {

/// Reads a file of a few lines whole. Fails with `not_found`.
Result<std::string> read_text(const std::filesystem::path& path);

/// Returns the verifier key that somebody trusts: the text itself, or that of the file which it
/// names. None for no text. Fails with `invalid`.
Result<std::optional<ledger::VerifyingKey>> trusted_key(const std::string& text);

}  // namespace weir::app
