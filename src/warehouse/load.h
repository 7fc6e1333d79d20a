#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "catalog/table_contract.h"
#include "change/position.h"
#include "ledger/entry.h"
#include "warehouse/processing_rows.h"

namespace weir::warehouse {

/// Where and when an attempt began to read.
struct Reading {
    change::Position position;
    Timestamp time;
};

struct RefinedFiles {
    ledger::CutNumber cut{};
    bool snapshot = false;  // `cut landed` names a snapshot attempt.
    /// Tables of an attempt's cut that need docs/formats/snapshot.md, "The cut": their chunks are
    /// of several readings, or changes are beside them. Of the others all rows are `r`.
    std::set<catalog::TableName> pieced = {};
    /// Tables that this cut brings back, and their files of the cuts in which they were set aside;
    /// all of it is of this cut.
    std::map<catalog::TableName, std::vector<RefinedFile>> returned = {};
    Reading reading = {};  // The attempt's first.
    std::vector<RefinedFile> files;

    /// Whether an attempt's chunks of the table are in the cut: the first has all tables, a later
    /// one those that it brings back.
    bool has_chunks_of(const catalog::TableName& table) const {
        return snapshot && (cut.value == 1 || returned.contains(table));
    }
};

/// The cuts after `from` up to and with `to`, to be loaded in one transaction.
struct Load {
    ledger::CutNumber from{};
    ledger::CutNumber to{};
    std::vector<RefinedFiles> cuts;  // In cut order; a cut without files may be left out.
    /// Every version of a table that a file has. Types are those of the processing files.
    std::vector<std::shared_ptr<const catalog::TableContract>> contracts;
};

/// What a load did to one table.
struct TableCounts {
    std::uint64_t rows = 0;   // Read from processing files.
    std::uint64_t begun = 0;  // Versions.
    std::uint64_t ended =
        0;  // Versions that were open before the load, or before a truncate in it.
    // Traces of rows that went to quarantine; otherwise zero, or the source was not read whole.
    std::uint64_t missing = 0;     // Updates and deletes of a row that history does not have open.
    std::uint64_t collisions = 0;  // Inserts of a key that history has open: its version ends.
    std::uint64_t unresolved = 0;  // `_unchanged` values without an earlier version: null.
};

struct LoadReport {
    std::uint64_t rows = 0;
    std::map<catalog::TableName, TableCounts> tables;
};

}  // namespace weir::warehouse
