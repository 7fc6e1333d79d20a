#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "capture/postgres/captured_table.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/partitions.h"
#include "capture/postgres/postgres_options.h"
#include "change/change_source.h"

namespace weir::capture::postgres {

/// A reading of the captured tables at one position, by chunks of pages (docs/formats/snapshot.md).
/// Holds one session for each worker; the server cannot vacuum away what they see meanwhile.
/// TRUNCATE and ALTER TABLE of a captured table wait until it ends; rows change as ever. A table
/// that another session keeps locked is left out, unless chunks of it have landed or nothing else
/// is to be read: that fails with `unavailable`.
class PostgresSnapshot final : public change::SnapshotSource {
public:
    enum class Mode {
        with_slot,      // Drops a slot of this name, makes it anew and reads what it exported.
        snapshot_only,  // For a source without logical WAL: no slot, no stream afterwards.
    };

    using Contracts = std::vector<std::shared_ptr<const catalog::TableContract>>;

    /// `known`: the newest contracts that an earlier attempt has told; a table that has another
    /// shape by now gets its next version.
    static Result<std::unique_ptr<PostgresSnapshot>> begin(const PostgresOptions& options,
                                                           Mode mode, std::size_t workers,
                                                           const Contracts& known);

    /// Goes on with what earlier readings began: plans all that has not landed. Returns null if a
    /// new snapshot has to begin: the slot cannot give the log since the first reading any more, or
    /// the tables have another shape.
    static Result<std::unique_ptr<PostgresSnapshot>> resume(
        const PostgresOptions& options, std::size_t workers, const Contracts& known,
        const change::SnapshotProgress& progress);

    /// Reads `names` beside a stream of the pipeline's slot; goes on with `progress` if that can
    /// be. Publishes the pipeline's tables first, where its role may. Waits for transactions that
    /// run now, or until a stop request.
    static Result<std::unique_ptr<PostgresSnapshot>> begin_beside(
        const PostgresOptions& options, std::size_t workers,
        const change::TableSource::Request& request);

    const change::SnapshotPlan& plan() const override { return plan_; }
    Status read_chunk(const change::SnapshotChunk& chunk, std::size_t worker,
                      change::ChangeSink& sink, const std::stop_token& stop) override;

    const std::vector<std::shared_ptr<const CapturedTable>>& tables() const { return tables_; }
    /// The partitions that it reads.
    Result<std::vector<Partition>> partitions();

private:
    PostgresSnapshot() = default;

    static Result<std::unique_ptr<PostgresSnapshot>> begin_once(const PostgresOptions& options,
                                                                Mode mode, std::size_t workers,
                                                                const Contracts& known);
    static Result<std::unique_ptr<PostgresSnapshot>> resume_once(
        const PostgresOptions& options, std::size_t workers, const Contracts& known,
        const change::SnapshotProgress& progress);
    static Result<std::unique_ptr<PostgresSnapshot>> begin_beside_once(
        const PostgresOptions& options, std::size_t workers,
        const change::TableSource::Request& request);
    /// A reading of `names` that a temporary slot exports; none of `needed` is left out.
    static Result<std::unique_ptr<PostgresSnapshot>> read_once_more(
        Connection& side, const PostgresOptions& options, std::size_t workers,
        std::vector<catalog::TableName> names, const std::set<catalog::TableName>& needed,
        const Contracts& known);
    /// Describes the tables as the reading sees them.
    Status describe_tables(const std::vector<catalog::TableName>& names, const ColumnTags& tags,
                           const Contracts& known);
    /// Plans what is left to read; a first reading chooses the chunks' size, up to the progress's.
    Status plan_chunks(change::SnapshotProgress progress);
    change::SnapshotProgress first_progress(std::uint64_t chunk_blocks_max) const;
    Status copy_chunk(Connection& session, const change::SnapshotChunk& chunk,
                      change::ChangeSink& sink, const std::stop_token& stop);
    /// Gives the snapshot to the readers, each of which keeps the tables' storage in place.
    Status begin_reading(std::vector<Connection> readers, const std::string& snapshot,
                         std::vector<catalog::TableName>& names,
                         const std::set<catalog::TableName>& needed);
    /// Takes those out of `names` that others keep from us.
    Status hold_tables(Connection& session, std::vector<catalog::TableName>& names,
                       const std::set<catalog::TableName>& needed);
    void leave_out(std::vector<change::UnreadableTable> tables);
    Status note_reading();
    Status note_bearable_time();
    std::vector<catalog::TableName> table_names() const;
    bool goes_on_with(const Contracts& known, const change::SnapshotProgress& progress) const;
    const std::shared_ptr<const CapturedTable>& table_of(const change::SnapshotChunk& chunk) const;

    std::vector<Connection> workers_;
    std::vector<std::shared_ptr<const CapturedTable>> tables_;
    change::SnapshotPlan plan_;
    // Where each chunk of a table lies, by its index: in the table itself, in a partition, or
    // (none) in all of them.
    std::map<std::pair<catalog::TableName, std::uint32_t>, std::optional<catalog::TableName>>
        partitions_;
};

}  // namespace weir::capture::postgres
