#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/captured_table.h"
#include "capture/postgres/change_builder.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/partitions.h"
#include "capture/postgres/pgoutput.h"
#include "capture/postgres/postgres_options.h"
#include "capture/postgres/replication_stream.h"
#include "capture/postgres/table_discovery.h"
#include "capture/postgres/transaction_spool.h"
#include "change/change_source.h"

namespace weir::capture::postgres {

/// PostgreSQL's log from one position on, through a slot of pgoutput. Committed transactions come
/// in commit order; those that the server streams before their commit wait in a spool. One thread.
class PostgresSource final : public change::ChangeSource {
public:
    /// Opens the stream at `position`, which the ledger holds. `contracts` are the newest of each
    /// table. Fails with `corrupt` if the server's log does not go on from `position`
    /// (`check_log`), or the slot is gone, lost or ahead of `position`: the log in between is gone,
    /// and with it changes; with `conflict` if somebody else reads the slot.
    static Result<std::unique_ptr<PostgresSource>> open(
        const PostgresOptions& options, change::Position position,
        const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts,
        const Clock& clock);

    Result<change::CutEnd> read_cut(change::CutBoundary& boundary, change::ChangeSink& sink,
                                    const std::stop_token& stop) override;
    Status acknowledge(change::Position position) override;
    Status learn(std::shared_ptr<const catalog::TableContract> contract) override;

    /// Returns the end of the server's log as it is now.
    Result<change::Position> source_end();
    /// Returns the end of the server's log as it is written, flushed or not.
    Result<change::Position> written_end();
    /// Returns the partitions of the captured tables as the catalog has them now; none if no table
    /// is partitioned.
    Result<std::vector<Partition>> partitions();
    /// Returns what happened to partitions since, and the log has not told (`find_untold`).
    Result<std::vector<UntoldChange>> find_untold(const std::vector<Partition>& before,
                                                  const std::vector<Partition>& now);
    /// Whether `read_cut` failed because the stream has to begin again with `options.binary` off.
    bool needs_text() const { return needs_text_; }
    /// Whose log it is; `options.known`, or a later timeline of the same server.
    const SourceIdentity& identity() const { return identity_; }

private:
    /// A relation message that no row has needed yet; afterwards only its number of arrival.
    struct Announced {
        std::vector<std::byte> message;
        std::uint64_t arrival = 0;
    };

    PostgresSource(const PostgresOptions& options, SourceIdentity identity, Connection side,
                   change::Position position);

    Status learn_tables(
        const PostgresOptions& options,
        const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts);
    Status receive(std::span<const std::byte> message, change::ChangeSink& sink);
    Status receive_keepalive(std::span<const std::byte> message);
    Status receive_data(std::span<const std::byte> message, change::ChangeSink& sink);
    Status spool(std::span<const std::byte> message);
    Status spool_told(std::uint32_t transaction, std::span<const std::byte> bytes);
    /// Whether it is the DDL trigger's, with something to tell.
    bool tells_shape(const LogicalMessage& message) const;
    /// Takes a shape that the DDL trigger told; the rows that have it come later.
    Status apply_told(const LogicalMessage& message, change::ChangeSink& sink);
    Status miss_told(std::string_view text, const Error& error, change::ChangeSink& sink);
    Status replay(std::span<const std::byte> message, change::ChangeSink& sink);
    void announce(RelationId id, std::span<const std::byte> bytes, std::uint64_t arrival);
    Status apply(std::span<const std::byte> message, change::ChangeSink& sink);
    /// Where a transaction, or a streamed piece of one, begins or ends.
    Status apply_bound(const Message& message, change::ChangeSink& sink);
    Status apply_row(const RowChange& change, change::ChangeSink& sink);
    Status append(ChangeBuilder& builder, const RowChange& change);
    /// Goes on without a table whose changes cannot be read, until it is announced again.
    Status give_up(const catalog::TableName& name, const Error& error, change::ChangeSink& sink);
    Status apply_truncate(const Truncate& truncate, change::ChangeSink& sink);
    Status begin(change::Position commit_position, Timestamp commit_time,
                 std::uint32_t transaction);
    Status end_transaction(const Commit& commit);
    Status commit_streamed(const StreamCommit& commit, change::ChangeSink& sink);
    /// Returns null if the table's changes are not read.
    Result<ChangeBuilder*> builder_of(RelationId relation, change::ChangeSink& sink);
    Result<ChangeBuilder*> follow(RelationId id, std::span<const std::byte> announced,
                                  change::ChangeSink& sink);
    Status change_shape(const catalog::TableName& name, CapturedTable table,
                        change::ChangeSink& sink);
    Status begin_builder(const catalog::TableName& name, change::ChangeSink& sink);
    Status flush(change::ChangeSink& sink);
    change::CutEnd end_cut() const;

    SourceIdentity identity_;
    std::vector<catalog::TableName> partitioned_;
    std::set<catalog::TableName> truncated_;  // Since they were last looked for.
    Connection side_;                         // Asks the catalog while `stream_` streams.
    TableDiscovery discovery_;
    std::unique_ptr<ReplicationStream> stream_;
    bool binary_;
    bool needs_text_ = false;
    std::string shape_prefix_;  // Of the DDL trigger's messages.
    std::function<void(const std::string&)> on_notice_;

    std::map<catalog::TableName, std::shared_ptr<const CapturedTable>> known_;
    std::map<RelationId, Announced> announced_;
    std::uint64_t arrivals_ = 0;  // Of relation messages, streamed ones too.
    std::map<RelationId, catalog::TableName> relations_;
    std::map<catalog::TableName, std::unique_ptr<ChangeBuilder>> builders_;
    RelationId last_relation_;
    ChangeBuilder* last_builder_ = nullptr;  // Of `last_relation_`, until any table changes.

    Tuples tuples_;
    TransactionSpool spool_;
    std::vector<std::byte> spooled_message_;
    std::optional<std::uint32_t> streaming_;  // The transaction whose piece is being streamed.
    bool in_transaction_ = false;
    ChangePlace place_;

    change::Position log_position_;  // The server has sent everything before.
    change::CutProgress progress_;
    change::CutEnd cut_;
};

}  // namespace weir::capture::postgres
