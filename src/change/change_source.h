#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "change/aside_reason.h"
#include "change/change_batch.h"
#include "change/position.h"

namespace weir::change {

/// Takes what a source reads. Calls come from one thread; a failure ends the read.
class ChangeSink {
public:
    ChangeSink() = default;
    ChangeSink(const ChangeSink&) = delete;
    ChangeSink& operator=(const ChangeSink&) = delete;
    virtual ~ChangeSink() = default;

    /// A table has this shape from here on. Comes before the first batch of that version.
    virtual Status schema_changed(std::shared_ptr<const catalog::TableContract> contract) = 0;
    /// Batches of one table come in (commit_position, ordinal) order; batches of different tables
    /// may overtake each other within a cut.
    virtual Status write(const ChangeBatch& batch) = 0;
    /// What comes of a table from here on does not go on from what came before, or does not come at
    /// all: it has to be read anew. `detail` is for people.
    virtual Status set_aside(const catalog::TableName& table, AsideReason reason,
                             std::string_view detail) = 0;
};

/// How far the cut that is being read has come.
struct CutProgress {
    Position position;                // End of the last whole transaction, or of the idle log.
    std::uint64_t transactions = 0;   // Whole transactions with at least one captured change.
    std::uint64_t decoded_bytes = 0;  // Size of their changes in the log's protocol.
};

/// Decides where cuts end. Asked at every transaction boundary, and at least four times a second
/// while the source is silent; never inside a transaction.
class CutBoundary {
public:
    CutBoundary() = default;
    CutBoundary(const CutBoundary&) = delete;
    CutBoundary& operator=(const CutBoundary&) = delete;
    virtual ~CutBoundary() = default;

    virtual bool ends_here(const CutProgress& progress) = 0;
};

/// A cut that was read. Without transactions it only says that the log was silent up to `position`.
struct CutEnd {
    Position position;  // Reading goes on from here; every commit_position in the cut is below it.
    std::uint64_t transactions = 0;
    std::uint64_t changes = 0;
    std::optional<Timestamp> commit_time;  // Of the last transaction.
};

/// A source's log from one position on. One thread at a time.
class ChangeSource {
public:
    ChangeSource() = default;
    ChangeSource(const ChangeSource&) = delete;
    ChangeSource& operator=(const ChangeSource&) = delete;
    virtual ~ChangeSource() = default;

    /// Reads whole transactions into `sink` until `boundary` says that the cut ends. At a stop
    /// request it ends the cut at the last whole transaction; a transaction that is only half read
    /// is left for the next start.
    virtual Result<CutEnd> read_cut(CutBoundary& boundary, ChangeSink& sink,
                                    const std::stop_token& stop) = 0;
    /// Tells the source that it may forget its log before `position`. Call it only for what the
    /// ledger holds.
    virtual Status acknowledge(Position position) = 0;
    /// Tells the source of a table's newest shape, which a reading beside it has found. Not while a
    /// cut is read.
    virtual Status learn(std::shared_ptr<const catalog::TableContract> contract) = 0;
};

/// Chunks that look back are numbered from here.
inline constexpr std::uint32_t look_back_index = 1U << 30U;

/// A piece of a table that is read and committed on its own (docs/formats/snapshot.md).
struct SnapshotChunk {
    std::shared_ptr<const catalog::TableContract> contract;
    /// From 0 within the table, or from `look_back_index` if it reads rows once more; ordinals of
    /// its rows begin at index << 32.
    std::uint32_t index = 0;
    std::uint64_t first_block = 0;
    std::uint64_t end_block = 0;     // Exclusive.
    std::uint32_t table_chunks = 0;  // Into how many ranges the table is divided.
    std::uint64_t storage = 0;       // The source's number of where the table's pages are.
    /// Only rows that were written by this transaction or a later one, of all pages.
    std::optional<std::uint64_t> written_since = std::nullopt;
};

/// A table that cannot be read, and why.
struct UnreadableTable {
    catalog::TableName name;
    std::string reason;
};

/// What is to be read of a source at one position.
struct SnapshotPlan {
    Position position;     // A chunk has seen exactly what committed before.
    std::string snapshot;  // The source's own name of what it saw: pg_current_snapshot().
    Timestamp time;        // The source's clock when the snapshot was taken: commit_time of rows.
    std::uint64_t chunk_blocks = 0;  // Pages of a chunk.
    /// After this time the source may end the reading by itself; zero: it does not.
    std::chrono::milliseconds hold{0};
    std::vector<SnapshotChunk> chunks;  // By table name, then index.
    bool resumes = false;               // It goes on with what an earlier reading began.
    std::vector<catalog::TableName> restarted = {};  // Their landed chunks are not used.
    std::vector<UnreadableTable> unreadable = {};    // Nothing of them is planned.
};

/// A chunk of an earlier reading that has landed.
struct LandedChunk {
    catalog::TableName table;
    std::uint32_t index = 0;
    std::uint32_t table_chunks = 0;
    Position position;
    std::uint64_t storage = 0;
};

/// How far earlier readings have come.
struct SnapshotProgress {
    Position position;     // Of the first reading: the stream starts here.
    std::string snapshot;  // Its name.
    std::uint64_t chunk_blocks = 0;
    std::vector<LandedChunk> chunks;  // By table, then index.
};

/// A reading of a source's tables. `read_chunk` may be called from several threads at once, each
/// with its own `worker` number below `workers` given at creation.
class SnapshotSource {
public:
    SnapshotSource() = default;
    SnapshotSource(const SnapshotSource&) = delete;
    SnapshotSource& operator=(const SnapshotSource&) = delete;
    virtual ~SnapshotSource() = default;

    virtual const SnapshotPlan& plan() const = 0;
    /// Writes the chunk's rows to `sink`: op `r`, commit_position = plan position - 1.
    virtual Status read_chunk(const SnapshotChunk& chunk, std::size_t worker, ChangeSink& sink,
                              const std::stop_token& stop) = 0;
};

/// Begins readings of some tables while the log is read by a `ChangeSource`. One thread at a time.
class TableSource {
public:
    TableSource() = default;
    TableSource(const TableSource&) = delete;
    TableSource& operator=(const TableSource&) = delete;
    virtual ~TableSource() = default;

    /// Which tables are to be read, and what is known of them.
    struct Request {
        std::vector<catalog::TableName> tables;
        std::vector<std::shared_ptr<const catalog::TableContract>> known;  // Newest shapes.
        std::optional<SnapshotProgress> progress = std::nullopt;           // What has landed.
    };

    /// Returns the tables that are to be captured by now, sorted.
    virtual Result<std::vector<catalog::TableName>> find_tables() = 0;
    /// Begins a reading whose position lies behind every change that the log has not told of. It
    /// goes on with `progress` if that can be.
    virtual Result<std::unique_ptr<SnapshotSource>> begin(const Request& request,
                                                          const std::stop_token& stop) = 0;
};

}  // namespace weir::change
