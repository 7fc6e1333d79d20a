#pragma once

#include <cstdint>

#include "simulate/row.h"

namespace weir::simulate {

/// Adds a note: null, blank, a sentence, or (one in a hundred) 8 to 12 kB that hardly compress, so
/// that PostgreSQL stores them out of line.
void add_note(Row& row, std::uint64_t seed, std::int64_t claim, std::uint32_t version);

/// Adds jsonb text exactly as PostgreSQL prints it (keys by length, then by byte), or null.
void add_attachments(Row& row, std::uint64_t seed, std::int64_t claim, std::uint32_t version);

}  // namespace weir::simulate
