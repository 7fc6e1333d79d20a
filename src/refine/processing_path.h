#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "catalog/table_contract.h"
#include "ledger/entry.h"

namespace weir::refine {

/// Names of refined files as the ledger holds them: without "-e", epoch and extension
/// (docs/formats/processing_file.md, "Files"). Parts count from 1 in table and cut.

/// `time` is the commit time of the cut's last transaction.
std::string processing_path(const catalog::TableName& table, Timestamp time, ledger::CutNumber cut,
                            std::uint32_t part);
std::string quarantine_path(const catalog::TableName& table, ledger::CutNumber cut,
                            std::uint32_t part);

}  // namespace weir::refine
