#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "catalog/table_contract.h"
#include "change/aside_reason.h"
#include "change/position.h"

namespace weir::ledger {

/// Numbers the cuts of a pipeline: 1, 2, 3, ... Zero stands for "none yet".
struct CutNumber {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(CutNumber, CutNumber) = default;
};

/// A part of the chain that appends under a lease of its own.
enum class Stage { capture, refine, load, model, quality, publish, operate };

inline constexpr std::array all_stages = {Stage::capture, Stage::refine,  Stage::load,
                                          Stage::model,   Stage::quality, Stage::publish,
                                          Stage::operate};

std::string_view to_string(Stage stage);

/// Counts the holders of a stage's lease, from 1. A higher epoch fences off all lower ones.
struct Epoch {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(Epoch, Epoch) = default;
};

/// Who appended an entry, and when: the only part of a `cut landed` entry that a second capture of
/// the same range does not repeat.
struct Run {
    std::string id;  // UUIDv7
    Stage stage = Stage::operate;
    Epoch epoch{};
    Timestamp time;
};

/// A file that exists because an entry names it. Its key in the store is `path`, "-e", the epoch of
/// the entry's run, ".parquet" (see `stored_key`), so that two writers never meet in one file.
struct DataFile {
    catalog::TableName table;
    std::string path;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    Digest sha256{};
    catalog::SchemaVersion schema_version{};

    friend bool operator==(const DataFile&, const DataFile&) = default;
};

std::string stored_key(std::string_view path, Epoch epoch);
/// What an encrypted file is bound to: its path without the folders of its partitions (`a=b`),
/// which are known only once it is written.
std::string bound_name(std::string_view path);
/// The key of a sealed file, such as those of `CutRefined::quarantine`: ".sealed" follows.
std::string sealed_key(std::string_view path, Epoch epoch);

/// A list too long for an entry (more than 8 files), by the hash of its text in the store.
struct Manifest {
    Digest sha256{};
    std::uint64_t files = 0;

    friend bool operator==(const Manifest&, const Manifest&) = default;
};
using FileList = std::variant<std::vector<DataFile>, Manifest>;

// The entries, as docs/formats/ledger.md describes them. A field that a kind has is always written.

struct PipelineCreated {
    std::string pipeline;
    std::string source;  // Kind and database, without user, password or host secrets.
    std::string release;
};
struct LeaseTaken {};  // Stage and epoch are the run's.
/// The contract is an object `contracts/<table>/<version>-<sha256>.json` of its own.
struct SchemaChanged {
    catalog::TableName table;
    catalog::SchemaVersion version{};
    Digest contract{};
};
/// A reading: what the source showed at one position (docs/formats/snapshot.md).
struct SnapshotReading {
    change::Position position;
    std::string snapshot;  // The source's own name of it.
    Timestamp time;        // By the source's clock.
};
struct SnapshotStarted {
    std::uint32_t attempt = 0;  // From 1; chunks of an earlier attempt stop counting.
    SnapshotReading reading;
    std::uint64_t chunks = 0;
    std::uint64_t chunk_blocks = 0;  // Pages of a chunk; 0 where the source has none.
};
/// The attempt goes on with another reading.
struct SnapshotResumed {
    std::uint32_t attempt = 0;
    SnapshotReading reading;
    std::uint64_t chunks = 0;                   // Of the attempt, from here on.
    std::vector<catalog::TableName> restarted;  // Their chunks stop counting.
};
struct ChunkLanded {
    std::uint32_t attempt = 0;
    catalog::TableName table;
    std::uint32_t chunk = 0;
    std::uint32_t table_chunks = 0;  // Into how many ranges the table is divided.
    change::Position position;       // Of its reading.
    std::uint64_t storage = 0;       // The source's number of where the table's pages are.
    std::uint64_t rows = 0;
    FileList files;
};
/// Somebody wants a table to be read again; whoever captures sets it aside and does so.
struct ReadingRequested {
    catalog::TableName table;
};
/// From the next cut on a table's changes are not loaded, until a later attempt's cut brings its
/// chunks and, with them, all of those changes (docs/formats/snapshot.md, "Tables set aside").
struct TableSetAside {
    catalog::TableName table;
    change::AsideReason reason = change::AsideReason::added;
    std::string detail;        // For people; never a row's values.
    std::uint64_t chunks = 0;  // Of the running attempt that are given up with it.
};
/// A cut with an attempt has that attempt's chunks beside its changes. Cut 1 of a pipeline with a
/// snapshot is the first attempt's chunks and, if that was resumed, the changes of the window.
struct CutLanded {
    CutNumber cut{};
    change::Position position;
    std::optional<Timestamp> commit_time;
    std::uint64_t transactions = 0;
    std::uint64_t changes = 0;
    std::optional<std::uint32_t> snapshot_attempt;
    FileList files;
};
struct PositionAdvanced {
    change::Position position;
};
/// read = refined + quarantined + deduplicated.
struct CutRefined {
    CutNumber cut{};
    std::uint64_t read = 0;
    std::uint64_t refined = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t deduplicated = 0;
    FileList files;
    FileList quarantine;
};
struct CutsLoaded {
    CutNumber from{};  // The warehouse stood here before; exclusive.
    CutNumber to{};
    std::string warehouse;
    std::uint64_t rows = 0;
};
struct ModelsBuilt {
    CutNumber cut{};
    std::string project;
    bool succeeded = false;
    std::uint64_t models = 0;
    std::uint64_t tests_passed = 0;
    std::uint64_t tests_failed = 0;
};
struct ChecksRun {
    CutNumber cut{};
    std::string suite;
    bool succeeded = false;
    std::uint64_t expectations = 0;
    std::uint64_t failed = 0;
};
struct Published {
    CutNumber cut{};
    std::string file;
};
struct Reconciled {
    CutNumber cut{};
    change::Position position;
    bool equal = false;
    std::uint64_t tables = 0;
};
/// The statement is named by its hash: it may hold row values.
struct DataRead {
    std::string principal;
    Digest statement{};
    std::uint64_t rows = 0;
};
/// The server whose log is captured, and which of its histories: as the server says it. Appended
/// before the snapshot, and again when a standby was promoted whose log goes on from ours.
struct SourceIdentified {
    std::string system;
    std::uint32_t timeline = 0;
    change::Position timeline_begin;  // Where this timeline left the one before; 0/0 for the first.
};

/// The log after `before` cannot be had any more, and capture goes on at `position` of the server
/// that is named here. All tables are set aside after it.
struct LogLost {
    change::Position before;
    change::Position position;
    SourceIdentified source;
};

/// From the size with this entry on `after` signs, and `before` no more. Both are verifier keys and
/// both have signed `key_rotation_text`, so that whoever trusts one of them may trust the other.
struct KeyRotated {
    std::string before;
    std::string after;
    std::string before_signature;  // base64
    std::string after_signature;
};

using EntryBody =
    std::variant<PipelineCreated, LeaseTaken, SchemaChanged, SnapshotStarted, SnapshotResumed,
                 ChunkLanded, CutLanded, PositionAdvanced, CutRefined, CutsLoaded, ModelsBuilt,
                 ChecksRun, Published, Reconciled, DataRead, SourceIdentified, ReadingRequested,
                 TableSetAside, LogLost, KeyRotated>;

struct Entry {
    EntryBody body;
    Run run;
};

/// The entry's name as users see it: "cut landed".
std::string_view kind_of(const EntryBody& body);
/// Whether an entry is about one of these cuts, the first and the last included: landed, refined,
/// loaded, built, checked, published, reconciled.
bool is_about(const EntryBody& body, CutNumber first, CutNumber last);

/// Writes canonical JSON (RFC 8785). Fails with `invalid` past 4 KiB.
Result<std::string> format_entry(const Entry& entry);
/// Reads exactly what `format_entry` writes. Fails with `corrupt`, or with `unsupported` on a kind
/// that this release does not know.
Result<Entry> parse_entry(std::string_view text);

}  // namespace weir::ledger
