#include "capture/postgres/pgoutput.h"

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

Result<TupleValue> take_value(ByteCursor& cursor) {
    TRY_LET(const auto state, cursor.take<char>());
    switch (state) {
        case 'n': return TupleValue{TupleValue::State::null, {}};
        case 'u': return TupleValue{TupleValue::State::unchanged, {}};
        case 't':
        case 'b': {
            TRY_LET(const auto size, cursor.take<std::uint32_t>());
            TRY_LET(const auto bytes, cursor.take_bytes(size));
            return TupleValue{static_cast<TupleValue::State>(state), bytes};
        }
        default:
            return fail(ErrorKind::corrupt, "a column has an unknown state, state={}", int{state});
    }
}

Status take_tuple(ByteCursor& cursor, Tuple& tuple) {
    tuple.clear();
    TRY_LET(const auto count, cursor.take<std::uint16_t>());
    for (unsigned index = 0; index < count; ++index) {
        TRY_LET(tuple.emplace_back(), take_value(cursor));
    }
    return {};
}

Result<Message> parse_insert(ByteCursor& cursor, Tuples& tuples) {
    Insert insert;
    TRY_LET(insert.relation, take_relation_id(cursor));
    TRY_LET(const auto kind, cursor.take<char>());
    if (kind != 'N') {
        return fail(ErrorKind::corrupt, "an insert has no new row");
    }
    TRY(take_tuple(cursor, tuples.new_tuple));
    return insert;
}

Result<Message> parse_update(ByteCursor& cursor, Tuples& tuples) {
    Update update;
    tuples.old_tuple.clear();
    TRY_LET(update.relation, take_relation_id(cursor));
    TRY_LET(char kind, cursor.take<char>());
    if (kind == 'K' || kind == 'O') {
        update.old_kind = kind;
        TRY(take_tuple(cursor, tuples.old_tuple));
        TRY_LET(kind, cursor.take<char>());
    }
    if (kind != 'N') {
        return fail(ErrorKind::corrupt, "an update has no new row");
    }
    TRY(take_tuple(cursor, tuples.new_tuple));
    return update;
}

Result<Message> parse_delete(ByteCursor& cursor, Tuples& tuples) {
    Delete removal;
    TRY_LET(removal.relation, take_relation_id(cursor));
    TRY_LET(removal.old_kind, cursor.take<char>());
    if (removal.old_kind != 'K' && removal.old_kind != 'O') {
        return fail(ErrorKind::corrupt, "a delete has no old row");
    }
    TRY(take_tuple(cursor, tuples.old_tuple));
    return removal;
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

Result<Message> parse_body(char type, ByteCursor& cursor, Tuples& tuples) {
    switch (type) {
        case 'B': return parse_begin(cursor);
        case 'C': {
            TRY_LET(const Commit commit, take_commit(cursor));
            return commit;
        }
        case 'R': return parse_relation(cursor);
        case 'I': return parse_insert(cursor, tuples);
        case 'U': return parse_update(cursor, tuples);
        case 'D': return parse_delete(cursor, tuples);
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

}  // namespace

Result<Message> parse_message(std::span<const std::byte> bytes, Tuples& tuples) {
    ByteCursor cursor(bytes);
    TRY_LET(const auto type, cursor.take<char>());
    auto message = parse_body(type, cursor, tuples);
    if (message && !cursor.at_end() && !std::holds_alternative<Other>(*message)) {
        return fail(ErrorKind::corrupt, "a message has bytes after its end, extra_bytes={}",
                    cursor.rest().size());
    }
    return message;
}

}  // namespace weir::capture::postgres
