#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/postgres/pgoutput.h"
#include "capture/postgres/value_codec.h"
#include "catalog/table_contract.h"

namespace weir::capture::postgres {

// What the DDL trigger tells of a table (ddl_trigger.h): its shape right after a statement changed
// it, as JSON in a logical message (docs/formats/told_shape.md). Values without references; any
// thread may read them.

/// A column of a told shape.
struct ToldColumn {
    std::uint32_t number = 0;  // pg_attribute.attnum: it stays over renames, and never comes again.
    std::string name;
    TypeOid type{};
    std::int32_t type_modifier = -1;
    std::string base_schema = {};  // Of a type that PostgreSQL was not built with: as `TypeName`.
    std::string base_name = {};
    bool nullable = true;
    bool in_key = false;
    char generated = 0;    // pg_attribute.attgenerated: 's' stored, 'v' virtual; 0 it is not.
    bool has_own = false;  // A new row gets a value of its own: a default, or an identity.
    /// What rows have in it that are older than the column: its constant default, as of then.
    std::optional<std::string> missing_value = std::nullopt;
};

struct ToldShape {
    RelationId relation{};
    catalog::TableName table;
    char replica_identity = 'd';
    /// The statement writes all rows anew, with other values in them.
    bool rewritten = false;
    std::vector<ToldColumn> columns;  // In the order of their numbers.
};

/// Fails with `corrupt`; the error holds no part of the text.
Result<ToldShape> parse_told_shape(std::string_view text);

/// Returns the table that a text tells of, if that much of it can be read.
std::optional<catalog::TableName> told_table(std::string_view text);

/// Returns the (sub)transaction that made the shape, if that much can be read: what the server says
/// of a streamed message is the whole transaction, also if a subtransaction sent it.
std::optional<std::uint32_t> told_transaction(std::string_view text);

}  // namespace weir::capture::postgres
