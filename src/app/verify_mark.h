#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "ledger/file_check.h"

namespace weir::app {

/// How far a verification came: what it verified, and the last file that was as it is named
/// (docs/formats/ledger.md, "What verify remembers").
struct VerifyMark {
    std::string checkpoint;  // Signed.
    ledger::FilePlace last;
};

/// Fails with `not_found` if nobody verified before, with `invalid` if the file is another one.
Result<VerifyMark> read_verify_mark(const std::filesystem::path& path);
/// Puts the mark in place of the one before, whole or not at all. It need not survive the machine.
Status write_verify_mark(const std::filesystem::path& path, const VerifyMark& mark);

}  // namespace weir::app
