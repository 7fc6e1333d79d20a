#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "refine/declared_type.h"
#include "store/aws/s3_options.h"

namespace weir::app {

/// What `weir.yaml` says (share/weir/weir.schema.json), with names resolved: relative paths begin
/// at the file's folder, `${NAME}` is the environment's and `file:PATH` a file's first line. A
/// value.
struct Configuration {
    std::filesystem::path file;
    std::string pipeline = "weir";

    std::string source_url;  // Holds a password: never print it.
    std::vector<std::string> tables;
    std::vector<std::string> exclude;
    std::string slot;         // Default: weir_<pipeline>.
    std::string publication;  // Default: weir_<pipeline>.
    bool snapshot_only = false;

    std::string store;            // A folder, or s3://bucket/prefix.
    std::filesystem::path state;  // Folder of what is no object: keys, warehouse, locks, spool.
    store::aws::S3Options s3;     // Without a bucket if the store is a folder.
    std::chrono::milliseconds cut_interval{1'000};
    std::uint64_t cut_bytes_max = 64U << 20U;
    std::uint64_t snapshot_workers = 3;
    std::chrono::milliseconds snapshot_hold{0};    // Zero: one reading, however long it takes.
    std::chrono::milliseconds lock_wait{30'000};   // For a table that others have locked.
    std::chrono::milliseconds slot_wait{600'000};  // For transactions that hold up the slot.
    std::uint64_t chunk_blocks = 8'192;
    std::chrono::milliseconds look_for_tables{30'000};  // That were not there before.

    refine::DeclaredTypes declared_types;

    std::string models_project;  // "claims", or a folder; empty: no models.
    std::string dbt;             // Program; empty: found by itself.
    std::chrono::milliseconds models_every{60'000};
    std::vector<std::filesystem::path> suites;

    std::map<std::string, std::vector<std::string>> tags;
    std::filesystem::path keyring;  // Of the files' keys; empty: files are in the open.
    bool allow_plaintext = false;

    bool is_on_s3() const { return !s3.bucket.empty(); }
    /// Keeps everything in one local folder.
    void keep_in(const std::filesystem::path& folder);
};

/// Reads and checks the file. Fails with `invalid`, naming line and column, on what is not in the
/// schema; with `not_found` if there is no file, or no such variable in the environment.
Result<Configuration> read_configuration(const std::filesystem::path& file);

/// Reads the text of a file that is at `file`.
Result<Configuration> parse_configuration(std::string_view text, const std::filesystem::path& file);

}  // namespace weir::app
