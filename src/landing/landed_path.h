#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "catalog/table_contract.h"
#include "ledger/entry.h"

namespace weir::landing {

/// Names of landed files as the ledger holds them: without "-e", epoch and extension
/// (docs/formats/landed_file.md, "Files").

/// `time` is the commit time of the cut's last transaction; `part` counts from 1 in table and cut.
std::string cut_file_path(const catalog::TableName& table, Timestamp time, ledger::CutNumber cut,
                          std::uint32_t part);

/// `time` is when the snapshot was taken; `part` counts from 1 in the chunk.
std::string chunk_file_path(const catalog::TableName& table, Timestamp time, std::uint32_t attempt,
                            std::uint32_t chunk, std::uint32_t part);

/// Returns the epoch in a stored file's key, if it is the key of a landed file.
std::optional<ledger::Epoch> epoch_of_key(std::string_view key);

}  // namespace weir::landing
