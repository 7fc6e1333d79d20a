#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ledger/note_key.h"

namespace weir::ledger {

// Keys as text, in the notation of C2SP signed notes, so that other people's tools read them:
// "PRIVATE+KEY+<name>+<id>+<base64>" and, for verifiers, "<name>+<id>+<base64>".

/// Makes a random key and its file, mode 0600. Keep it outside the ledger's folder. Fails with
/// `already_exists` if there is a file, with `invalid` on a name that no key may have.
Result<SigningKey> create_key_file(const std::filesystem::path& path, std::string name);

/// Fails with `not_found`, with `denied` if others may read the file, with `corrupt`.
Result<SigningKey> load_key_file(const std::filesystem::path& path);

/// Writes what outside verifiers need; it is no secret.
std::string format_verifier_key(const VerifyingKey& key);
/// Reads what `format_verifier_key` writes. Fails with `invalid`.
Result<VerifyingKey> parse_verifier_key(std::string_view text);

}  // namespace weir::ledger
