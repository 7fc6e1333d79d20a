#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "ledger/entry.h"
#include "sql/sql_session.h"

namespace weir::models {

/// How far a publication is; each step is over when it is told.
enum class PublicationStep { opened, copied, committed, checkpointed, swapped };

struct PublicationOptions {
    std::filesystem::path folder;  // See docs/formats/published_file.md.
    std::string schema = "gold";   // Its tables are published.
    ledger::CutNumber cut{};       // What the tables show.
    mode_t mode = 0400;            // Of the public file, without the bits for writing.
    std::function<void(PublicationStep)> progress = nullptr;
};

struct Publication {
    ledger::CutNumber cut{};
    std::filesystem::path file;
    std::uint64_t tables = 0;
    std::uint64_t copied = 0;  // The others had not changed since this file was public last.
    std::uint64_t rows = 0;    // In all tables.
    std::uint64_t bytes = 0;

    ledger::Published entry() const {
        return {.cut = cut, .file = "published/" + file.filename().string()};
    }
};

/// Publishes the tables of a schema of the warehouse as one file. Readers of the public name see
/// all tables of one cut, before or after; they are never waited for. Whatever fails, and wherever
/// the process dies, the public file is whole; publishing again repairs the rest. One publisher at
/// a time; `warehouse` is a DuckDB session outside of a transaction. Fails with `not_found` if the
/// schema has no tables, and as files do.
Result<Publication> publish(sql::SqlSession& warehouse, const PublicationOptions& options);

}  // namespace weir::models
