#include "capture/postgres/pgoutput.h"

#include "base/assert.h"
#include "capture/postgres/byte_cursor.h"
#include "capture/postgres/moment.h"

namespace weir::capture::postgres {
namespace {

Result<change::Position> take_position(ByteCursor& cursor) {
    TRY_LET(const auto offset, cursor.take<std::uint64_t>());
    return change::Position(offset);
}

Result<Timestamp> take_moment(ByteCursor& cursor) {
    TRY_LET(const auto postgres_micros, cursor.take<std::int64_t>());
    const auto micros = timestamp_from_postgres(postgres_micros);
    if (!micros) {
        return fail(ErrorKind::corrupt, "a time of commit is out of range");
    }
    return Timestamp(std::chrono::microseconds(*micros));
}

Result<RelationId> take_relation_id(ByteCursor& cursor) {
    TRY_LET(const auto value, cursor.take<std::uint32_t>());
    return RelationId{value};
}

Result<Message> parse_begin(ByteCursor& cursor) {
    Begin begin;
    TRY_LET(begin.commit_position, take_position(cursor));
    TRY_LET(begin.commit_time, take_moment(cursor));
    TRY_LET(begin.transaction, cursor.take<std::uint32_t>());
    return begin;
}

Result<Commit> take_commit(ByteCursor& cursor) {
    Commit commit;
    TRY(cursor.take<std::uint8_t>());  // Flags, always 0.
    TRY_LET(commit.commit_position, take_position(cursor));
    TRY_LET(commit.end_position, take_position(cursor));
    TRY_LET(commit.commit_time, take_moment(cursor));
    return commit;
}

Result<RelationColumn> take_column(ByteCursor& cursor) {
    RelationColumn column;
    TRY_LET(const auto flags, cursor.take<std::uint8_t>());
    column.in_key = (flags & 1U) != 0;
    TRY_LET(column.name, cursor.take_text());
    TRY_LET(column.type.value, cursor.take<std::uint32_t>());
    TRY_LET(column.type_modifier, cursor.take<std::int32_t>());
    return column;
}

Result<Message> parse_relation(ByteCursor& cursor) {
    Relation relation;
    TRY_LET(relation.id, take_relation_id(cursor));
    TRY_LET(relation.schema, cursor.take_text());
    TRY_LET(relation.table, cursor.take_text());
    TRY_LET(relation.replica_identity, cursor.take<char>());
    TRY_LET(const auto count, cursor.take<std::uint16_t>());
    for (unsigned index = 0; index < count; ++index) {
        TRY_LET(relation.columns.emplace_back(), take_column(cursor));
    }
    if (relation.schema.empty()) {
        relation.schema = "pg_catalog";
    }
    return relation;
}

std::unexpected<Error> ends_early() {
    return fail(ErrorKind::corrupt, "a row ends too early");
}

/// Takes one value from the front of `rest`.
Status take_value(std::span<const std::byte>& rest, TupleValue& value) {
    constexpr std::size_t size_bytes = sizeof(std::uint32_t);
    if (rest.empty()) {
        return ends_early();
    }
    const auto state = load_big_endian<char>(rest.data());
    rest = rest.subspan(1);
    if (state == 'n' || state == 'u') {
        value = {static_cast<TupleValue::State>(state), {}};
        return {};
    }
    if (state != 't' && state != 'b') {
        return fail(ErrorKind::corrupt, "a column has an unknown state, state={}", int{state});
    }
    if (rest.size() < size_bytes) {
        return ends_early();
    }
    const std::size_t size = load_big_endian<std::uint32_t>(rest.data());
    rest = rest.subspan(size_bytes);
    if (rest.size() < size) {
        return ends_early();
    }
    value = {static_cast<TupleValue::State>(state), rest.first(size)};
    rest = rest.subspan(size);
    return {};
}

Status take_tuple(ByteCursor& cursor, Tuple& tuple) {
    TRY_LET(const auto count, cursor.take<std::uint16_t>());
    std::span<const std::byte> rest = cursor.rest();
    tuple.resize(count);
    for (TupleValue& value : tuple) {
        TRY(take_value(rest, value));
    }
    cursor = ByteCursor(rest);
    return {};
}

/// Takes the tuples of a row from its `kind` of tuple on.
Status take_tuples(ByteCursor& cursor, RowChange& change, Tuples& tuples) {
    TRY_LET(char kind, cursor.take<char>());
    if (change.kind != RowChange::Kind::insert && (kind == 'K' || kind == 'O')) {
        change.old_kind = kind;
        TRY(take_tuple(cursor, tuples.old_tuple));
        if (change.kind == RowChange::Kind::remove) {
            return {};
        }
        TRY_LET(kind, cursor.take<char>());
    }
    if (change.kind == RowChange::Kind::remove) {
        return fail(ErrorKind::corrupt, "a delete has no old row");
    }
    if (kind != 'N') {
        return fail(ErrorKind::corrupt, "an insert or update has no new row");
    }
    return take_tuple(cursor, tuples.new_tuple);
}

Result<Message> parse_truncate(ByteCursor& cursor) {
    Truncate truncate;
    TRY_LET(const auto count, cursor.take<std::uint32_t>());
    TRY(cursor.take<std::uint8_t>());  // CASCADE, RESTART IDENTITY: the relations are all named.
    for (std::uint32_t index = 0; index < count; ++index) {
        TRY_LET(truncate.relations.emplace_back(), take_relation_id(cursor));
    }
    return truncate;
}

Result<Message> parse_stream_commit(ByteCursor& cursor) {
    StreamCommit stream;
    TRY_LET(stream.transaction, cursor.take<std::uint32_t>());
    TRY_LET(stream.commit, take_commit(cursor));
    return stream;
}

Result<Message> parse_stream_abort(ByteCursor& cursor) {
    StreamAbort stream;
    TRY_LET(stream.transaction, cursor.take<std::uint32_t>());
    TRY_LET(stream.subtransaction, cursor.take<std::uint32_t>());
    return stream;
}

Result<Message> parse_stream_start(ByteCursor& cursor) {
    StreamStart stream;
    TRY_LET(stream.transaction, cursor.take<std::uint32_t>());
    TRY(cursor.take<std::uint8_t>());  // Whether it is the transaction's first piece.
    return stream;
}

Result<Message> parse_type_name(ByteCursor& cursor) {
    TypeName told;
    TRY_LET(told.type.value, cursor.take<std::uint32_t>());
    TRY_LET(told.schema, cursor.take_text());
    TRY_LET(told.name, cursor.take_text());
    return told;
}

Result<Message> parse_logical_message(ByteCursor& cursor) {
    LogicalMessage message;
    TRY_LET(const auto flags, cursor.take<std::uint8_t>());
    message.transactional = (flags & 1U) != 0;
    TRY(take_position(cursor));
    TRY_LET(message.prefix, cursor.take_text());
    TRY_LET(const auto size, cursor.take<std::uint32_t>());
    TRY_LET(message.content, cursor.take_bytes(size));
    return message;
}

Result<Message> parse_body(char type, ByteCursor& cursor) {
    switch (type) {
        case 'B': return parse_begin(cursor);
        case 'C': {
            TRY_LET(const Commit commit, take_commit(cursor));
            return commit;
        }
        case 'R': return parse_relation(cursor);
        case 'T': return parse_truncate(cursor);
        case 'S': return parse_stream_start(cursor);
        case 'E': return StreamStop{};
        case 'c': return parse_stream_commit(cursor);
        case 'A': return parse_stream_abort(cursor);
        case 'Y': return parse_type_name(cursor);
        case 'M': return parse_logical_message(cursor);
        case 'O': return Other{};
        default:
            return fail(ErrorKind::corrupt, "unknown message of the replication protocol, type={}",
                        int{type});
    }
}

std::unexpected<Error> bytes_left(const ByteCursor& cursor) {
    return fail(ErrorKind::corrupt, "a message has bytes after its end, extra_bytes={}",
                cursor.rest().size());
}

}  // namespace

bool is_row_change(std::span<const std::byte> bytes) {
    return !bytes.empty() &&
           (bytes[0] == std::byte{'I'} || bytes[0] == std::byte{'U'} || bytes[0] == std::byte{'D'});
}

Result<RowChange> parse_row_change(std::span<const std::byte> bytes, Tuples& tuples) {
    WEIR_ASSERT(is_row_change(bytes));
    ByteCursor cursor(bytes);
    TRY_LET(const auto type, cursor.take<char>());
    RowChange change{.kind = static_cast<RowChange::Kind>(type), .relation = {}};
    TRY_LET(change.relation, take_relation_id(cursor));
    tuples.old_tuple.clear();
    TRY(take_tuples(cursor, change, tuples));
    if (!cursor.at_end()) {
        return bytes_left(cursor);
    }
    return change;
}

Result<Message> parse_message(std::span<const std::byte> bytes) {
    ByteCursor cursor(bytes);
    TRY_LET(const auto type, cursor.take<char>());
    auto message = parse_body(type, cursor);
    if (message && !cursor.at_end() && !std::holds_alternative<Other>(*message)) {
        return bytes_left(cursor);
    }
    return message;
}

}  // namespace weir::capture::postgres
