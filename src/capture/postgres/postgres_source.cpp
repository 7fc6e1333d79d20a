#include "capture/postgres/postgres_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/byte_text.h"
#include "capture/postgres/byte_cursor.h"
#include "capture/postgres/ddl_trigger.h"
#include "capture/postgres/replication_slot.h"
#include "capture/postgres/told_shape.h"

namespace weir::capture::postgres {
namespace {

using namespace std::chrono_literals;

// How long the log is waited for before somebody looks up: longer, the longer nothing comes.
constexpr auto idle_wait_min = 1ms;
constexpr auto idle_wait_max = 20ms;

/// A streamed relation message as it is spooled: this letter, its number of arrival, the message.
constexpr std::byte numbered_relation{'r'};

}  // namespace

PostgresSource::PostgresSource(const PostgresOptions& options, SourceIdentity identity,
                               Connection side, change::Position position)
    : identity_(std::move(identity)),
      side_(std::move(side)),
      discovery_(side_, options.tags),
      binary_(options.binary),
      shape_prefix_(shape_prefix(options.publication)),
      on_notice_(options.on_notice),
      spool_(options.spool_folder, options.spool_memory_bytes),
      log_position_(position) {}

Result<std::unique_ptr<PostgresSource>> PostgresSource::open(
    const PostgresOptions& options, change::Position position,
    const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts,
    const Clock& clock) {
    TRY_LET(Connection stream, Connection::open(options.url, Connection::Mode::replication));
    TRY_LET(SourceIdentity identity, check_log(stream, options.known, position));
    TRY_LET(Connection side, Connection::open(options.url));
    TRY(check_slot(side, options.slot, position));
    std::unique_ptr<PostgresSource> source(
        new PostgresSource(options, std::move(identity), std::move(side), position));
    TRY(source->learn_tables(options, contracts));
    TRY_LET(const bool told, has_ddl_trigger(source->side_, options.publication));
    const std::string statement = fmt::format(
        "START_REPLICATION SLOT {} LOGICAL {} (proto_version '2', publication_names {}, "
        "streaming 'on', binary '{}'{})",
        stream.quote_identifier(options.slot), position.to_string(),
        stream.quote_literal(
            fmt::format("{},{}", stream.quote_identifier(options.publication),
                        stream.quote_identifier(append_publication(options.publication)))),
        source->binary_, told ? ", messages 'true'" : "");
    auto started = ReplicationStream::start(std::move(stream), statement, position, clock);
    // Until here the slot could be exchanged, and the server would have begun past `position`
    // without a word; while we read it, nobody can.
    TRY(check_slot(source->side_, options.slot, position));
    TRY_LET(source->stream_,
            std::move(started).with("cannot stream from replication slot " + options.slot));
    return source;
}

Status PostgresSource::learn_tables(
    const PostgresOptions& options,
    const std::vector<std::shared_ptr<const catalog::TableContract>>& contracts) {
    TableDiscovery::Names captured;
    for (const auto& contract : contracts) {
        captured.insert(contract->name);
        TRY_LET(CapturedTable table, discovery_.restore(contract));
        binary_ = binary_ && table.reads_binary();
        known_.emplace(contract->name, std::make_shared<const CapturedTable>(std::move(table)));
    }
    // What the log will bring is looked at too, so that a new type seldom stops the stream.
    TRY_LET(const auto names, discovery_.find_tables(options.tables, options.exclude, captured));
    TRY_LET(partitioned_, find_partitioned(side_, names));
    TRY_LET(const auto now, discovery_.describe_all(names));
    binary_ = binary_ && std::ranges::all_of(now.tables, &CapturedTable::reads_binary);
    return {};
}

Result<change::Position> PostgresSource::source_end() {
    return log_end(side_);
}

Result<change::Position> PostgresSource::written_end() {
    TRY_LET(const auto rows, side_.query("SELECT pg_current_wal_insert_lsn()"));
    return change::Position::parse(rows[0][0].value_or(""));
}

Result<std::vector<Partition>> PostgresSource::partitions() {
    return partitioned_.empty() ? std::vector<Partition>() : read_partitions(side_, partitioned_);
}

Result<std::vector<UntoldChange>> PostgresSource::find_untold(const std::vector<Partition>& before,
                                                              const std::vector<Partition>& now) {
    return postgres::find_untold(side_, before, now, std::exchange(truncated_, {}));
}

Status PostgresSource::acknowledge(change::Position position) {
    stream_->acknowledge(position);
    return {};
}

Status PostgresSource::learn(std::shared_ptr<const catalog::TableContract> contract) {
    const catalog::TableName name = contract->name;
    TRY_LET(CapturedTable table, discovery_.restore(std::move(contract)));
    known_[name] = std::make_shared<const CapturedTable>(std::move(table));
    return {};
}

Result<change::CutEnd> PostgresSource::read_cut(change::CutBoundary& boundary,
                                                change::ChangeSink& sink,
                                                const std::stop_token& stop) {
    progress_ = {.position = log_position_};
    cut_ = {};
    std::chrono::milliseconds wait = idle_wait_min;
    while (true) {
        const bool at_boundary = !in_transaction_ && !streaming_;
        if (at_boundary && (boundary.ends_here(progress_) || stop.stop_requested())) {
            TRY(flush(sink));
            return end_cut();
        }
        TRY_LET(const auto message, stream_->read(wait));
        if (message.empty()) {
            wait = std::min<std::chrono::milliseconds>(2 * wait, idle_wait_max);
        } else {
            wait = idle_wait_min;
            TRY(receive(message, sink));
        }
    }
}

change::CutEnd PostgresSource::end_cut() const {
    change::CutEnd end = cut_;
    end.position = progress_.position;
    end.transactions = progress_.transactions;
    return end;
}

Status PostgresSource::receive(std::span<const std::byte> message, change::ChangeSink& sink) {
    constexpr std::size_t data_header_bytes = 25;  // Type, start, end, time.
    if (message[0] == std::byte{'k'}) {
        return receive_keepalive(message);
    }
    if (message[0] != std::byte{'w'} || message.size() <= data_header_bytes) {
        return fail(ErrorKind::corrupt, "unknown message of the replication stream");
    }
    return receive_data(message.subspan(data_header_bytes), sink)
        .with("at log position " + log_position_.to_string());
}

Status PostgresSource::receive_keepalive(std::span<const std::byte> message) {
    ByteCursor cursor(message.subspan(1));
    TRY_LET(const auto end, cursor.take<std::uint64_t>());
    TRY(cursor.take<std::int64_t>());
    TRY_LET(const auto reply, cursor.take<std::uint8_t>());
    if (!in_transaction_ && !streaming_) {
        log_position_ = std::max(log_position_, change::Position(end));
        progress_.position = log_position_;
    }
    if (reply != 0) {
        stream_->report();
    }
    return {};
}

Status PostgresSource::receive_data(std::span<const std::byte> message, change::ChangeSink& sink) {
    const char type = static_cast<char>(std::to_integer<unsigned char>(message[0]));
    if (streaming_ && type != 'E') {
        return spool(message);
    }
    return apply(message, sink);
}

Status PostgresSource::spool(std::span<const std::byte> message) {
    ByteCursor cursor(message.subspan(1));
    TRY_LET(const auto subtransaction, cursor.take<std::uint32_t>());
    if (message[0] == std::byte{'M'}) {
        return spool_told(*streaming_, cursor.rest());
    }
    // The server announces a relation and its types once for a streamed transaction, whatever
    // happens to the subtransaction that needed them first.
    const bool relation = message[0] == std::byte{'R'};
    const bool lasting = relation || message[0] == std::byte{'Y'};
    spooled_message_.clear();
    if (relation) {
        const std::uint64_t arrival = ++arrivals_;
        const auto number = std::as_bytes(std::span(&arrival, 1));
        spooled_message_.push_back(numbered_relation);
        spooled_message_.insert(spooled_message_.end(), number.begin(), number.end());
    }
    spooled_message_.push_back(message[0]);
    spooled_message_.insert(spooled_message_.end(), cursor.rest().begin(), cursor.rest().end());
    return spool_.add(*streaming_, lasting ? *streaming_ : subtransaction, spooled_message_);
}

Status PostgresSource::spool_told(std::uint32_t transaction, std::span<const std::byte> bytes) {
    spooled_message_.assign(1, std::byte{'M'});
    spooled_message_.insert(spooled_message_.end(), bytes.begin(), bytes.end());
    TRY_LET(const Message message, parse_message(spooled_message_));
    const auto& written = std::get<LogicalMessage>(message);
    if (!tells_shape(written)) {
        return {};  // Somebody else's may be large.
    }
    // The server says of all messages that the whole transaction sent them.
    const auto subtransaction = told_transaction(as_text(written.content));
    return spool_.add(transaction, subtransaction.value_or(transaction), spooled_message_);
}

bool PostgresSource::tells_shape(const LogicalMessage& message) const {
    return message.transactional && message.prefix == shape_prefix_ && !message.content.empty();
}

Status PostgresSource::apply_told(const LogicalMessage& message, change::ChangeSink& sink) {
    if (!tells_shape(message)) {
        return {};
    }
    const std::string_view text = as_text(message.content);
    const auto shape = parse_told_shape(text);
    if (!shape) {
        return miss_told(text, shape.error(), sink);
    }
    const auto known = known_.find(shape->table);
    if (known == known_.end()) {
        return {};  // It is not captured, or will be read first.
    }
    auto table = discovery_.follow(*known->second, *shape);
    if (!table) {
        return give_up(shape->table, table.error(), sink);
    }
    if (table->contract != known->second->contract) {
        return change_shape(shape->table, *std::move(table), sink);
    }
    return table->rewritten ? sink.set_aside(shape->table, change::AsideReason::rewritten,
                                             "a statement wrote all rows anew")
                            : Status();
}

Status PostgresSource::miss_told(std::string_view text, const Error& error,
                                 change::ChangeSink& sink) {
    const auto table = told_table(text);
    if (table && known_.contains(*table)) {
        return give_up(*table, error, sink);
    }
    if (on_notice_) {
        on_notice_(error.to_string());
    }
    return {};
}

Status PostgresSource::replay(std::span<const std::byte> message, change::ChangeSink& sink) {
    if (message[0] != numbered_relation) {
        return apply(message, sink);
    }
    std::uint64_t arrival = 0;
    std::memcpy(&arrival, message.data() + 1, sizeof(arrival));
    const auto bytes = message.subspan(1 + sizeof(arrival));
    TRY_LET(const Message parsed, parse_message(bytes));
    announce(std::get<Relation>(parsed).id, bytes, arrival);
    return {};
}

void PostgresSource::announce(RelationId id, std::span<const std::byte> bytes,
                              std::uint64_t arrival) {
    auto& announced = announced_[id];
    // A streamed announcement takes effect at its commit; a newer one may have overtaken it.
    if (arrival > announced.arrival) {
        announced = {.message = {bytes.begin(), bytes.end()}, .arrival = arrival};
        last_builder_ = nullptr;
    }
}

Status PostgresSource::apply(std::span<const std::byte> bytes, change::ChangeSink& sink) {
    progress_.decoded_bytes += bytes.size();
    if (is_row_change(bytes)) {
        TRY_LET(const RowChange change, parse_row_change(bytes, tuples_));
        return apply_row(change, sink);
    }
    TRY_LET(const Message message, parse_message(bytes));
    if (const auto* relation = std::get_if<Relation>(&message)) {
        announce(relation->id, bytes, ++arrivals_);
    } else if (const auto* type = std::get_if<TypeName>(&message)) {
        discovery_.note(*type);
    } else if (const auto* truncate = std::get_if<Truncate>(&message)) {
        return apply_truncate(*truncate, sink);
    } else if (const auto* written = std::get_if<LogicalMessage>(&message)) {
        return apply_told(*written, sink);
    }
    return apply_bound(message, sink);
}

Status PostgresSource::apply_bound(const Message& message, change::ChangeSink& sink) {
    if (const auto* begun = std::get_if<Begin>(&message)) {
        return begin(begun->commit_position, begun->commit_time, begun->transaction);
    }
    if (const auto* commit = std::get_if<Commit>(&message)) {
        return end_transaction(*commit);
    }
    if (const auto* start = std::get_if<StreamStart>(&message)) {
        streaming_ = start->transaction;
    } else if (std::holds_alternative<StreamStop>(message)) {
        streaming_.reset();
    } else if (const auto* aborted = std::get_if<StreamAbort>(&message)) {
        spool_.abort(aborted->transaction, aborted->subtransaction);
    } else if (const auto* streamed = std::get_if<StreamCommit>(&message)) {
        return commit_streamed(*streamed, sink);
    }
    return {};
}

Status PostgresSource::begin(change::Position commit_position, Timestamp commit_time,
                             std::uint32_t transaction) {
    in_transaction_ = true;
    place_ = {.commit_position = commit_position,
              .ordinal = 0,
              .transaction = {transaction},
              .commit_time = commit_time};
    return {};
}

Status PostgresSource::end_transaction(const Commit& commit) {
    in_transaction_ = false;
    log_position_ = std::max(log_position_, commit.end_position);
    if (place_.ordinal > 0) {
        ++progress_.transactions;
        cut_.changes += static_cast<std::uint64_t>(place_.ordinal);
        cut_.commit_time = commit.commit_time;
    }
    progress_.position = log_position_;
    return {};
}

Status PostgresSource::commit_streamed(const StreamCommit& stream, change::ChangeSink& sink) {
    TRY(begin(stream.commit.commit_position, stream.commit.commit_time, stream.transaction));
    const auto visit = [&](std::span<const std::byte> message) { return replay(message, sink); };
    TRY(spool_.replay(stream.transaction, visit));
    return end_transaction(stream.commit);
}

Status PostgresSource::apply_row(const RowChange& change, change::ChangeSink& sink) {
    TRY_LET(ChangeBuilder* const builder, builder_of(change.relation, sink));
    if (builder == nullptr) {
        return {};
    }
    if (const Status appended = append(*builder, change); !appended) {
        const catalog::TableName name = builder->table().contract->name;
        return give_up(name, appended.error(), sink);
    }
    ++place_.ordinal;
    return builder->is_full() ? builder->flush(sink) : Status();
}

Status PostgresSource::give_up(const catalog::TableName& name, const Error& error,
                               change::ChangeSink& sink) {
    if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::unsupported &&
        error.kind() != ErrorKind::invalid) {
        return fail(error.kind(), "table {}: {}", name.to_string(), error.message());
    }
    if (const auto builder = builders_.extract(name)) {
        // Its last row may be there in part. What it holds will be read with the table.
        cut_.changes -= builder.mapped()->rows();
    }
    builders_[name] = nullptr;
    last_builder_ = nullptr;
    return sink.set_aside(name, change::AsideReason::unreadable, error.to_string());
}

Status PostgresSource::append(ChangeBuilder& builder, const RowChange& change) {
    switch (change.kind) {
        case RowChange::Kind::insert:
            return builder.append_insert(place_, tuples_.new_tuple, change::Operation::create);
        case RowChange::Kind::update:
            return builder.append_update(place_, change.old_kind, tuples_.old_tuple,
                                         tuples_.new_tuple);
        case RowChange::Kind::remove: break;
    }
    return builder.append_delete(place_, tuples_.old_tuple);
}

Status PostgresSource::apply_truncate(const Truncate& truncate, change::ChangeSink& sink) {
    for (const RelationId relation : truncate.relations) {
        TRY_LET(ChangeBuilder* const builder, builder_of(relation, sink));
        if (builder != nullptr) {
            TRY(builder->append_truncate(place_));
            truncated_.insert(builder->table().contract->name);
            ++place_.ordinal;
            TRY(builder->is_full() ? builder->flush(sink) : Status());
        }
    }
    return {};
}

Result<ChangeBuilder*> PostgresSource::builder_of(RelationId relation, change::ChangeSink& sink) {
    if (last_builder_ != nullptr && last_relation_ == relation) {
        return last_builder_;
    }
    if (const auto announced = announced_.find(relation);
        announced != announced_.end() && !announced->second.message.empty()) {
        return follow(relation, std::exchange(announced->second.message, {}), sink);
    }
    const auto found = relations_.find(relation);
    if (found == relations_.end()) {
        return fail(ErrorKind::corrupt, "a row came before its table was announced, relation={}",
                    relation.value);
    }
    last_relation_ = relation;
    last_builder_ = builders_.at(found->second).get();
    return last_builder_;
}

Result<ChangeBuilder*> PostgresSource::follow(RelationId id, std::span<const std::byte> announced,
                                              change::ChangeSink& sink) {
    TRY_LET(const Message message, parse_message(announced));
    const auto& relation = std::get<Relation>(message);
    const catalog::TableName name{std::string(relation.schema), std::string(relation.table)};
    const auto known = known_.find(name);
    const CapturedTable* before = known == known_.end() ? nullptr : known->second.get();
    relations_[id] = name;
    auto table = discovery_.follow(before, relation);
    if (!table) {
        TRY(give_up(name, table.error(), sink));
        return nullptr;
    }
    if (before == nullptr || table->contract != before->contract) {
        TRY(change_shape(name, *std::move(table), sink));
    }
    TRY(begin_builder(name, sink));
    return builders_.at(name).get();
}

Status PostgresSource::change_shape(const catalog::TableName& name, CapturedTable table,
                                    change::ChangeSink& sink) {
    if (table.rewritten) {
        TRY(sink.set_aside(name, change::AsideReason::rewritten,
                           "a column has another type, or is new and has a value of its own in "
                           "each row"));
    }
    TRY(sink.schema_changed(table.contract));
    known_[name] = std::make_shared<const CapturedTable>(std::move(table));
    return {};
}

/// Builds rows in the newest shape from here on.
Status PostgresSource::begin_builder(const catalog::TableName& name, change::ChangeSink& sink) {
    const auto& known = known_.at(name);
    auto& builder = builders_[name];
    if (builder != nullptr && builder->table().contract == known->contract) {
        return {};
    }
    if (binary_ && !known->reads_binary()) {
        needs_text_ = true;
        return fail(ErrorKind::conflict,
                    "a new column has no binary form that weir reads: the stream begins again in "
                    "text, table={}",
                    name.to_string());
    }
    if (builder != nullptr) {
        TRY(builder->flush(sink));
    }
    last_builder_ = nullptr;
    TRY_LET(builder, ChangeBuilder::create(known));
    return {};
}

Status PostgresSource::flush(change::ChangeSink& sink) {
    for (auto& [name, builder] : builders_) {
        if (builder != nullptr) {
            TRY(builder->flush(sink));
        }
    }
    return {};
}

}  // namespace weir::capture::postgres
