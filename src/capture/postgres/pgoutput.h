#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/postgres/value_codec.h"
#include "change/position.h"

namespace weir::capture::postgres {

// The messages of PostgreSQL's logical replication protocol, versions 1 and 2 ("Logical Replication
// Message Formats" of its manual). All views see the bytes that were parsed.

/// pg_class.oid of a table.
struct RelationId {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(RelationId, RelationId) = default;
};

struct Begin {
    change::Position commit_position;
    Timestamp commit_time;
    std::uint32_t transaction = 0;
};
struct Commit {
    change::Position commit_position;
    change::Position end_position;
    Timestamp commit_time;
};
struct RelationColumn {
    bool in_key = false;
    std::string_view name;
    TypeOid type{};
    std::int32_t type_modifier = -1;
};
struct Relation {
    RelationId id{};
    std::string_view schema;
    std::string_view table;
    char replica_identity = 'd';
    std::vector<RelationColumn> columns;
};
/// One value of a tuple: null, unchanged TOAST, or bytes.
struct TupleValue {
    enum class State : char { null = 'n', unchanged = 'u', text = 't', binary = 'b' };
    State state = State::null;
    std::span<const std::byte> bytes;
};
using Tuple = std::vector<TupleValue>;
/// An insert, update or delete; its tuples lie beside it. `old_kind`: 'K' the old tuple holds the
/// key, 'O' all of it, 0 there is none.
struct RowChange {
    enum class Kind : char { insert = 'I', update = 'U', remove = 'D' };
    Kind kind = Kind::insert;
    RelationId relation{};
    char old_kind = 0;
};
struct Truncate {
    std::vector<RelationId> relations;
};
struct StreamStart {
    std::uint32_t transaction = 0;
};
struct StreamStop {};
struct StreamCommit {
    std::uint32_t transaction = 0;
    Commit commit;
};
struct StreamAbort {
    std::uint32_t transaction = 0;
    std::uint32_t subtransaction = 0;
};
/// The name of a type that PostgreSQL was not built with; of a domain, its base type's. `schema` is
/// empty for pg_catalog.
struct TypeName {
    TypeOid type{};
    std::string_view schema;
    std::string_view name;
};
/// What somebody wrote to the log by pg_logical_emit_message. `content` is what the writer chose.
struct LogicalMessage {
    bool transactional = false;
    std::string_view prefix;
    std::span<const std::byte> content;
};
/// Origins: nothing that weir acts on.
struct Other {};

using Message = std::variant<Begin, Commit, Relation, Truncate, StreamStart, StreamStop,
                             StreamCommit, StreamAbort, TypeName, LogicalMessage, Other>;

/// The tuples of the last row; kept so that their memory is used again.
struct Tuples {
    Tuple old_tuple;
    Tuple new_tuple;
};

/// Whether the message is an insert, update or delete: most are, so they have a way of their own.
bool is_row_change(std::span<const std::byte> bytes);

/// Parses an insert, update or delete without the transaction that a streamed one begins with;
/// fills `tuples`. Fails with `corrupt`.
Result<RowChange> parse_row_change(std::span<const std::byte> bytes, Tuples& tuples);

/// Parses any other message, without that transaction too. Fails with `corrupt`.
Result<Message> parse_message(std::span<const std::byte> bytes);

}  // namespace weir::capture::postgres
