#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::store {

/// Reads a small file that only its owner may read. Fails with `denied` if its mode is wider than
/// 0600, with `not_found`.
Result<std::string> read_secret_file(const std::string& path);

/// Makes such a file, durably and whole or not at all. Fails with `already_exists`.
Status create_secret_file(const std::string& path, std::string_view text);

/// Makes or exchanges such a file, durably: afterwards and after a crash it is the old one or this.
Status replace_secret_file(const std::string& path, std::string_view text);

/// Gives the file `from` the name `to`, whose file is gone then; durably.
Status move_secret_file(const std::string& from, const std::string& to);

}  // namespace weir::store
