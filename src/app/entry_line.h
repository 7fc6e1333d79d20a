#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "ledger/entry.h"

namespace weir::app {

/// Says in a few words what an entry is about: cut, tables, rows, files.
std::string describe_entry(const ledger::EntryBody& body);

/// A line for people: index, time, kind, what it is about, stage.
Result<std::string> entry_line(std::uint64_t index, const ledger::Entry& entry);

}  // namespace weir::app
