#include "capture/postgres/postgres_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include "base/assert.h"
#include "capture/postgres/byte_cursor.h"
#include "capture/postgres/change_builder.h"
#include "capture/postgres/chunk_plan.h"
#include "capture/postgres/moment.h"
#include "capture/postgres/named_tables.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/table_discovery.h"
#include "capture/postgres/table_lock.h"
#include "columnar/row_group_cutter.h"

namespace weir::capture::postgres {
namespace {

constexpr std::string_view begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
// COPY's binary form begins with this, flags and the size of an extension (PostgreSQL's manual).
constexpr std::size_t copy_header_bytes = 19;
// How often a snapshot begins whose tables are exchanged meanwhile.
constexpr int begin_attempts_max = 20;

// TRUNCATE and whatever writes a table anew exchange its storage, and the new one is empty to an
// older snapshot. The catalog's row is the snapshot's; the functions look at the present.
constexpr auto find_storage_sql =
    "SELECT rn.nspname, r.relname, n.nspname, c.relname, c.oid, c.relfilenode, pg_relation_size("
    "c.oid) / current_setting('block_size')::bigint, c.reltoastrelid <> 0, c.relfilenode = "
    "pg_relation_filenode(c.oid) FROM part JOIN pg_class r ON r.oid = part.root JOIN pg_namespace "
    "rn ON rn.oid = r.relnamespace JOIN pg_class c ON c.oid = part.oid AND c.relkind <> 'p' JOIN "
    "pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2, c.oid";

// PostgreSQL numbers the pages of a table with 32 bits; the last number is none.
constexpr std::uint64_t block_max = 0xFFFF'FFFF;
// A further reading's slot is called like the pipeline's and the session that made it.
constexpr std::size_t slot_name_bytes_max = 63;
// An entry of the ledger names them all.
constexpr std::size_t restarted_max = 20;

std::uint64_t to_count(const std::optional<std::string>& cell) {
    std::uint64_t count = 0;
    if (cell) {
        std::from_chars(cell->data(), cell->data() + cell->size(), count);
    }
    return count;
}

using Storages = std::map<catalog::TableName, std::vector<TableStorage>>;

/// Returns the storage of each table, or of its partitions; one that has none yet is as if it were
/// empty. Fails if the session's snapshot no longer sees the rows of one that it has locked.
Result<Storages> find_storages(Connection& session, const std::vector<catalog::TableName>& names) {
    TRY_LET(const auto rows, session.query(with_parts(session, names) + find_storage_sql));
    Storages found;
    for (const TextRow& row : rows) {
        const catalog::TableName name{*row[2], *row[3]};
        if (row[8] != "t") {
            return fail(ErrorKind::conflict,
                        "a table was truncated or written anew while the snapshot began, table={}",
                        name.to_string());
        }
        found[{*row[0], *row[1]}].push_back({.name = name,
                                             .number = to_count(row[5]),
                                             .blocks = to_count(row[6]),
                                             .has_toast = row[7] == "t"});
    }
    for (const catalog::TableName& name : names) {
        if (found[name].empty()) {
            found[name].push_back({.name = name});
        }
    }
    return found;
}

std::uint64_t largest_of(const Storages& storages) {
    std::uint64_t largest = 0;
    for (const auto& [name, parts] : storages) {
        for (const TableStorage& part : parts) {
            largest = std::max(largest, part.blocks);
        }
    }
    return largest;
}

/// Tables that can be read, and the others.
struct ReadableTables {
    std::vector<catalog::TableName> names;
    std::vector<change::UnreadableTable> others;

    void leave_out(const catalog::TableName& name, std::string reason) {
        std::erase(names, name);
        others.push_back({.name = name, .reason = std::move(reason)});
    }
};

// Row security would hide rows without a word.
constexpr auto find_rights_sql =
    "SELECT n.nspname, c.relname, has_table_privilege(c.oid, 'SELECT') AND "
    "has_schema_privilege(n.oid, 'USAGE'), row_security_active(c.oid) FROM {}";

Result<ReadableTables> find_readable(Connection& session,
                                     const std::vector<catalog::TableName>& names) {
    TRY_LET(const auto rows,
            session.query(fmt::format(find_rights_sql, from_named_tables(session, names))));
    std::map<catalog::TableName, std::string> reasons;
    for (const TextRow& row : rows) {
        reasons[{*row[0], *row[1]}] =
            row[2] != "t"   ? "the role may not read it: GRANT SELECT on it, USAGE on its schema"
            : row[3] == "t" ? "row level security hides rows of it: give the role BYPASSRLS"
                            : "";
    }
    ReadableTables readable{.names = names, .others = {}};
    for (const catalog::TableName& name : names) {
        const auto found = reasons.find(name);
        if (found == reasons.end()) {
            readable.leave_out(name, "it does not exist any more");
        } else if (!found->second.empty()) {
            readable.leave_out(name, found->second);
        }
    }
    return readable;
}

/// What the log does not tell of must not be read: it would stand still.
Status leave_out_unpublished(Connection& session, const std::string& publication,
                             ReadableTables& readable) {
    TRY_LET(const auto rows,
            session.query(fmt::format(
                "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname IN ({}, {})",
                session.quote_literal(publication),
                session.quote_literal(append_publication(publication)))));
    std::set<catalog::TableName> published;
    for (const TextRow& row : rows) {
        published.insert({row[0].value_or(""), row[1].value_or("")});
    }
    for (const catalog::TableName& name : std::vector(readable.names)) {
        if (!published.contains(name)) {
            readable.leave_out(name,
                               fmt::format("publication {} does not have it, and the role may not "
                                           "add it: ALTER PUBLICATION ... ADD TABLE as its owner",
                                           publication));
        }
    }
    return {};
}

std::string select_list(const Connection& session, const CapturedTable& table) {
    std::string list;
    for (std::size_t index = 0; index < table.codecs.size(); ++index) {
        const std::string name = session.quote_identifier(table.contract->columns[index].name);
        list += list.empty() ? "" : ", ";
        // What weir cannot read in binary arrives as the type's output, as in the log. A cast may
        // write something else (an inet gets its mask); IS NULL is true for a composite of nulls.
        list += table.codecs[index].reads_binary()
                    ? name
                    : fmt::format("CASE WHEN {0} IS DISTINCT FROM NULL THEN format('%s', {0}) END",
                                  name);
    }
    return list;
}

std::string copy_statement(const Connection& session, const CapturedTable& table,
                           const std::optional<catalog::TableName>& partition,
                           const change::SnapshotChunk& chunk) {
    const std::string from = partition ? "ONLY " + quote_table(session, *partition)
                                       : quote_table(session, table.contract->name);
    std::string where;
    if (chunk.written_since) {
        // The log's transaction ids have 32 bits; those below 3 are no transactions.
        const auto since = std::max(3U, static_cast<std::uint32_t>(*chunk.written_since));
        where = fmt::format("age(xmin) <= age('{}'::xid)", since);
    } else {
        where = fmt::format("ctid >= '({},0)' AND ctid < '({},0)'", chunk.first_block,
                            std::min(chunk.end_block, block_max));
    }
    return fmt::format("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT binary)",
                       select_list(session, table), from, where);
}

/// What older rows have in a column stays said once it was.
CapturedTable with_missing_values(CapturedTable table, const catalog::TableContract& before) {
    auto contract = std::make_shared<catalog::TableContract>(*table.contract);
    for (catalog::Column& column : contract->columns) {
        const auto old = std::ranges::find(before.columns, column.id, &catalog::Column::id);
        if (old != before.columns.end()) {
            column.missing_value = old->missing_value;
        }
    }
    table.contract = std::move(contract);
    return table;
}

TableDiscovery::Names names_of(const PostgresSnapshot::Contracts& known) {
    TableDiscovery::Names names;
    for (const auto& contract : known) {
        names.insert(contract->name);
    }
    return names;
}

/// Gives a table as it is now the version it is known by, or the next if it has changed.
CapturedTable version_after(CapturedTable table, const PostgresSnapshot::Contracts& known) {
    const auto before = std::ranges::find(known, table.contract->name,
                                          [](const auto& contract) { return contract->name; });
    if (before == known.end()) {
        return table;
    }
    CapturedTable same =
        with_version(with_missing_values(std::move(table), **before), (*before)->version);
    if (catalog::to_json(*same.contract) == catalog::to_json(**before)) {
        return same;
    }
    return with_version(std::move(same), {(*before)->version.number + 1});
}

/// A session that waits for no lock without a bound.
Result<Connection> open_session(const PostgresOptions& options) {
    TRY_LET(Connection session, Connection::open(options.url));
    TRY(limit_lock_wait(session, options.lock_wait));
    return session;
}

Result<std::vector<Connection>> open_readers(const PostgresOptions& options, std::size_t count) {
    std::vector<Connection> readers;
    while (readers.size() < count) {
        TRY_LET(Connection reader, open_session(options));
        readers.push_back(std::move(reader));
    }
    return readers;
}

/// Of a time after which the server ends a transaction that it finds too long, or idle for too
/// long, this share is ours: the rest is for the chunk at hand.
constexpr auto bearable_sql =
    "SELECT coalesce(min(setting::bigint), 0) * 4 / 5 FROM pg_settings WHERE name IN "
    "('transaction_timeout', 'idle_in_transaction_session_timeout') AND setting <> '0'";

/// The tables of which chunks have landed.
std::set<catalog::TableName> landed_tables(const change::SnapshotProgress& progress) {
    std::set<catalog::TableName> tables;
    for (const change::LandedChunk& chunk : progress.chunks) {
        tables.insert(chunk.table);
    }
    return tables;
}

Result<Timestamp> read_clock(Connection& session) {
    TRY_LET(const auto rows,
            session.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"));
    std::int64_t micros = 0;
    const std::string text = rows[0][0].value_or("0");
    std::from_chars(text.data(), text.data() + text.size(), micros);
    return Timestamp(std::chrono::microseconds(micros));
}

/// Begins again while tables are exchanged at that moment.
Result<std::unique_ptr<PostgresSnapshot>> try_again(
    const std::function<Result<std::unique_ptr<PostgresSnapshot>>()>& begin) {
    for (int attempt = 1;; ++attempt) {
        auto begun = begin();
        if (begun || begun.error().kind() != ErrorKind::conflict || attempt == begin_attempts_max) {
            return begun;
        }
    }
}

/// A name for a temporary slot that no other session has.
Result<std::string> reading_slot(Connection& replication, const std::string& slot) {
    TRY_LET(const auto rows, replication.query("SELECT pg_backend_pid()"));
    const std::string end = "_reading_" + rows[0][0].value_or("");
    return slot.substr(0, slot_name_bytes_max - end.size()) + end;
}

}  // namespace

Status PostgresSnapshot::describe_tables(const std::vector<catalog::TableName>& names,
                                         const ColumnTags& tags, const Contracts& known) {
    TableDiscovery discovery(workers_.front(), tags);
    TRY_LET(DescribedTables described, discovery.describe_all(names));
    for (LeftOutTable& other : described.others) {
        plan_.unreadable.push_back(
            {.name = std::move(other.name), .reason = std::move(other.reason)});
    }
    for (CapturedTable& table : described.tables) {
        tables_.push_back(
            std::make_shared<const CapturedTable>(version_after(std::move(table), known)));
    }
    return {};
}

Status PostgresSnapshot::plan_chunks(change::SnapshotProgress progress) {
    TRY_LET(const Storages storages, find_storages(workers_.front(), table_names()));
    if (!plan_.resumes) {
        progress.chunk_blocks =
            even_chunk_blocks(largest_of(storages), progress.chunk_blocks, workers_.size());
    }
    plan_.chunk_blocks = progress.chunk_blocks;
    for (const auto& table : tables_) {
        const catalog::TableName& name = table->contract->name;
        ChunkPlan plan = postgres::plan_chunks(table->contract, storages.at(name), progress);
        for (std::size_t at = 0; at < plan.chunks.size(); ++at) {
            partitions_[{name, plan.chunks[at].index}] = plan.partitions[at];
            plan_.chunks.push_back(std::move(plan.chunks[at]));
        }
        if (plan.restarted) {
            plan_.restarted.push_back(name);
        }
    }
    return {};
}

Status PostgresSnapshot::begin_reading(std::vector<Connection> readers, const std::string& snapshot,
                                       std::vector<catalog::TableName>& names,
                                       const std::set<catalog::TableName>& needed) {
    for (Connection& session : readers) {
        TRY(session.execute(fmt::format("{}; SET TRANSACTION SNAPSHOT {}", begin_read,
                                        session.quote_literal(snapshot))));
        // Whatever exchanges a table's storage between the snapshot and this is found later. Each
        // reader has locks of its own: it waits for nobody later on, and reads nothing that is
        // emptied because the server has ended another one.
        TRY(hold_tables(session, names,
                        workers_.empty() ? needed : std::set(names.begin(), names.end())));
        TRY(session.execute("SAVEPOINT chunk"));  // So that one failing chunk does not end it all.
        workers_.push_back(std::move(session));
    }
    return {};
}

Status PostgresSnapshot::hold_tables(Connection& session, std::vector<catalog::TableName>& names,
                                     const std::set<catalog::TableName>& needed) {
    TRY_LET(const auto held, lock_tables(session, names));
    for (const HeldTable& table : held) {
        if (held.size() == names.size() || needed.contains(table.name)) {
            return fail(ErrorKind::unavailable, "{}", held_message(table));
        }
    }
    for (const HeldTable& table : held) {
        std::erase(names, table.name);
        plan_.unreadable.push_back({.name = table.name, .reason = held_message(table)});
    }
    return {};
}

Status PostgresSnapshot::note_reading() {
    Connection& session = workers_.front();
    TRY_LET(const auto seen, session.query("SELECT pg_current_snapshot()"));
    plan_.snapshot = seen[0][0].value_or("");
    TRY_LET(plan_.time, read_clock(session));
    return {};
}

Status PostgresSnapshot::note_bearable_time() {
    TRY_LET(const auto rows, workers_.front().query(bearable_sql));
    plan_.hold = std::chrono::milliseconds(to_count(rows[0][0]));
    return {};
}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::begin(const PostgresOptions& options,
                                                                  Mode mode, std::size_t workers,
                                                                  const Contracts& known) {
    WEIR_ASSERT(workers > 0);
    return try_again([&] { return begin_once(options, mode, workers, known); });
}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::resume(
    const PostgresOptions& options, std::size_t workers, const Contracts& known,
    const change::SnapshotProgress& progress) {
    WEIR_ASSERT(workers > 0);
    return try_again([&] { return resume_once(options, workers, known, progress); });
}

// The order of these steps is what makes the snapshot one.
// NOLINTNEXTLINE(readability-function-size)
Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::begin_once(
    const PostgresOptions& options, Mode mode, std::size_t workers, const Contracts& known) {
    TRY_LET(Connection session, open_session(options));
    TRY_LET(const auto names,
            TableDiscovery(session).find_tables(options.tables, options.exclude, names_of(known)));
    TRY_LET(ReadableTables readable, find_readable(session, names));
    TRY_LET(std::vector<Connection> readers, open_readers(options, workers));
    std::unique_ptr<PostgresSnapshot> begun(new PostgresSnapshot());
    std::optional<Connection> keeper;  // Of the snapshot, until the readers have it.
    std::string snapshot;
    std::set<catalog::TableName> needed;
    if (mode == Mode::with_slot) {
        TRY(publish_tables(session, options.publication, names));
        TRY(drop_slot(session, options.slot));
        TRY_LET(keeper, Connection::open(options.url, Connection::Mode::replication));
        TRY_LET(const ExportedSnapshot exported,
                create_slot(*keeper, session, options.slot, options.wait));
        begun->plan_.position = exported.position;
        snapshot = exported.name;
    } else {
        needed.insert(names.begin(), names.end());  // There is no other time to read them.
        TRY_LET(keeper, Connection::open(options.url));
        TRY(keeper->execute(std::string(begin_read)));
        TRY_LET(const auto rows,
                keeper->query("SELECT pg_export_snapshot(), pg_current_wal_lsn()"));
        TRY_LET(begun->plan_.position, change::Position::parse(rows[0][1].value_or("")));
        snapshot = rows[0][0].value_or("");
    }
    TRY(begun->begin_reading(std::move(readers), snapshot, readable.names, needed));
    keeper.reset();
    TRY(begun->note_reading());
    if (mode == Mode::with_slot) {
        TRY(begun->note_bearable_time());
    }
    TRY(begun->describe_tables(readable.names, options.tags, known));
    begun->leave_out(std::move(readable.others));
    TRY(begun->plan_chunks(begun->first_progress(options.chunk_blocks)));
    return begun;
}

change::SnapshotProgress PostgresSnapshot::first_progress(std::uint64_t chunk_blocks_max) const {
    return {.position = plan_.position,
            .snapshot = plan_.snapshot,
            .chunk_blocks = chunk_blocks_max,
            .chunks = {}};
}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::resume_once(
    const PostgresOptions& options, std::size_t workers, const Contracts& known,
    const change::SnapshotProgress& progress) {
    TRY_LET(Connection session, open_session(options));
    const Status slot_stands = check_slot(session, options.slot, progress.position);
    if (!slot_stands && slot_stands.error().kind() == ErrorKind::corrupt) {
        return nullptr;
    }
    TRY(slot_stands);
    TRY_LET(const auto names,
            TableDiscovery(session).find_tables(options.tables, options.exclude, names_of(known)));
    TRY(publish_tables(session, options.publication, names));
    TRY_LET(ReadableTables readable, find_readable(session, names));
    TRY_LET(auto resumed, read_once_more(session, options, workers, std::move(readable.names),
                                         landed_tables(progress), known));
    if (!resumed->goes_on_with(known, progress)) {
        return nullptr;
    }
    resumed->leave_out(std::move(readable.others));
    resumed->plan_.resumes = true;
    TRY(resumed->plan_chunks(progress));
    if (resumed->plan_.restarted.size() > restarted_max) {
        return nullptr;
    }
    return resumed;
}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::read_once_more(
    Connection& side, const PostgresOptions& options, std::size_t workers,
    std::vector<catalog::TableName> names, const std::set<catalog::TableName>& needed,
    const Contracts& known) {
    TRY_LET(std::vector<Connection> readers, open_readers(options, workers));
    TRY_LET(Connection keeper, Connection::open(options.url, Connection::Mode::replication));
    TRY_LET(const std::string slot, reading_slot(keeper, options.slot));
    TRY_LET(const ExportedSnapshot exported,
            create_slot(keeper, side, slot, options.wait, SlotLife::temporary));
    std::unique_ptr<PostgresSnapshot> reading(new PostgresSnapshot());
    reading->plan_.position = exported.position;
    TRY(reading->begin_reading(std::move(readers), exported.name, names, needed));
    TRY(reading->note_reading());
    TRY(reading->note_bearable_time());
    TRY(reading->describe_tables(names, options.tags, known));
    return reading;
}

void PostgresSnapshot::leave_out(std::vector<change::UnreadableTable> tables) {
    std::ranges::move(tables, std::back_inserter(plan_.unreadable));
}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::begin_beside(
    const PostgresOptions& options, std::size_t workers,
    const change::TableSource::Request& request) {
    WEIR_ASSERT(workers > 0);
    return try_again([&] { return begin_beside_once(options, workers, request); });
}

Result<std::unique_ptr<PostgresSnapshot>> PostgresSnapshot::begin_beside_once(
    const PostgresOptions& options, std::size_t workers,
    const change::TableSource::Request& request) {
    TRY_LET(Connection session, open_session(options));
    TRY_LET(const auto wanted, TableDiscovery(session).find_tables(options.tables, options.exclude,
                                                                   names_of(request.known)));
    const Status published = publish_tables(session, options.publication, wanted);
    if (!published && published.error().kind() != ErrorKind::denied) {
        return std::unexpected(published.error());
    }
    TRY_LET(ReadableTables readable, find_readable(session, request.tables));
    TRY(leave_out_unpublished(session, options.publication, readable));
    const auto needed =
        request.progress ? landed_tables(*request.progress) : std::set<catalog::TableName>();
    TRY_LET(auto reading, read_once_more(session, options, workers, std::move(readable.names),
                                         needed, request.known));
    reading->leave_out(std::move(readable.others));
    const bool goes_on =
        request.progress && reading->goes_on_with(request.known, *request.progress);
    reading->plan_.resumes = goes_on;
    TRY(reading->plan_chunks(goes_on ? *request.progress
                                     : reading->first_progress(options.chunk_blocks)));
    return reading;
}

Result<std::vector<Partition>> PostgresSnapshot::partitions() {
    return read_partitions(workers_.front(), table_names());
}

std::vector<catalog::TableName> PostgresSnapshot::table_names() const {
    std::vector<catalog::TableName> names;
    std::ranges::transform(tables_, std::back_inserter(names),
                           [](const auto& table) { return table->contract->name; });
    return names;
}

/// Whether the tables are those that were begun, in the same shape.
bool PostgresSnapshot::goes_on_with(const Contracts& known,
                                    const change::SnapshotProgress& progress) const {
    const auto is_known = [&](const auto& table) {
        return std::ranges::any_of(known, [&](const auto& contract) {
            return contract->name == table->contract->name &&
                   contract->version == table->contract->version;
        });
    };
    const auto is_captured = [&](const change::LandedChunk& chunk) {
        return std::ranges::any_of(
            tables_, [&](const auto& table) { return table->contract->name == chunk.table; });
    };
    return std::ranges::all_of(tables_, is_known) &&
           std::ranges::all_of(progress.chunks, is_captured);
}

const std::shared_ptr<const CapturedTable>& PostgresSnapshot::table_of(
    const change::SnapshotChunk& chunk) const {
    const auto found = std::ranges::find(tables_, chunk.contract,
                                         [](const auto& table) { return table->contract; });
    WEIR_ASSERT(found != tables_.end());
    return *found;
}

Status PostgresSnapshot::read_chunk(const change::SnapshotChunk& chunk, std::size_t worker,
                                    change::ChangeSink& sink, const std::stop_token& stop) {
    WEIR_ASSERT(worker < workers_.size());
    Connection& session = workers_[worker];
    Status read = copy_chunk(session, chunk, sink, stop);
    if (!read && read.error().kind() != ErrorKind::unavailable &&
        read.error().kind() != ErrorKind::cancelled) {
        TRY(session.end_copy());
        TRY(session.execute("ROLLBACK TO SAVEPOINT chunk"));
    }
    return read;
}

// One loop over one copy. NOLINTNEXTLINE(readability-function-size)
Status PostgresSnapshot::copy_chunk(Connection& session, const change::SnapshotChunk& chunk,
                                    change::ChangeSink& sink, const std::stop_token& stop) {
    const auto& table = table_of(chunk);
    // A batch is a row group, so it is written as it is.
    TRY_LET(const auto builder, ChangeBuilder::create(table, columnar::RowGroupSize{}.rows));
    TRY(session.begin_copy_out(copy_statement(
        session, *table, partitions_.at({chunk.contract->name, chunk.index}), chunk)));
    // Where no commit record can begin, behind all that the reading has seen.
    ChangePlace place{.commit_position = change::Position(plan_.position.offset() - 1),
                      .ordinal = std::int64_t{chunk.index} << 32U,
                      .commit_time = plan_.time};
    for (bool first = true;; first = false) {
        TRY_LET(const auto message, session.read_copy());
        if (!message) {
            break;
        }
        std::span<const std::byte> rest = *message;
        if (first) {
            ByteCursor cursor(rest);
            TRY(cursor.take_bytes(copy_header_bytes));
            rest = cursor.rest();
        }
        while (!rest.empty()) {
            TRY_LET(const bool is_row, builder->append_copied(place, rest));
            if (!is_row) {
                break;
            }
            ++place.ordinal;
            if (builder->is_full()) {
                TRY(builder->flush(sink));
            }
        }
        if (stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "the snapshot was stopped");
        }
    }
    return builder->flush(sink);
}

}  // namespace weir::capture::postgres
