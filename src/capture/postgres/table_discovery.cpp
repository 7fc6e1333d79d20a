#include "capture/postgres/table_discovery.h"

#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>
#include <set>

#include "capture/postgres/generated_columns.h"
#include "capture/postgres/named_tables.h"
#include "capture/postgres/utf8.h"

namespace weir::capture::postgres {
namespace {

using catalog::RowIdentity;
using catalog::TableContract;
using catalog::TableName;

constexpr TypeOid numeric_type{1700};

// What format_type makes of a type that the catalog does not know.
constexpr auto unknown_type = "???";

// Lower numbers never change; information_schema's domains have higher ones, and so have users'.
constexpr std::uint32_t first_named_oid = 10'000;

template <typename Number>
Number to_number(const std::optional<std::string>& cell) {
    Number number{};
    if (cell) {
        std::from_chars(cell->data(), cell->data() + cell->size(), number);
    }
    return number;
}

std::string_view refusal(const TextRow& row) {
    const std::string& kind = *row[2];
    if (kind == "f") {
        return "it is a foreign table: its changes are in no log of this server";
    }
    if (kind != "r" && kind != "p") {
        return "it is no table";
    }
    if (row[4] == "t") {
        return "one of its partitions is foreign or unlogged: its changes are not in the log";
    }
    return *row[3] == "p" ? "" : "it is unlogged or temporary: its changes are not in the log";
}

RowIdentity identity_of(std::string_view letter, bool has_key) {
    if (letter == "f") {
        return RowIdentity::full;
    }
    return letter == "n" || !has_key ? RowIdentity::none : RowIdentity::key;
}

/// A name of a pattern as one of LIKE, in which `*` is any text.
std::string like_text(std::string_view name) {
    std::string text;
    for (const char letter : name) {
        if (letter == '%' || letter == '_' || letter == '\\') {
            text += '\\';
        }
        text += letter == '*' ? '%' : letter;
    }
    return text;
}

bool names_one(std::string_view pattern) {
    return pattern.find('*') == std::string_view::npos;
}

/// Whether a text is one that a pattern means, in which `*` is any text.
bool is_like(std::string_view text, std::string_view pattern) {
    while (!pattern.empty() && pattern.front() != '*') {
        if (text.empty() || text.front() != pattern.front()) {
            return false;
        }
        text.remove_prefix(1);
        pattern.remove_prefix(1);
    }
    if (pattern.empty()) {
        return text.empty();
    }
    pattern.remove_prefix(1);
    for (std::size_t at = 0; at <= text.size(); ++at) {
        if (is_like(text.substr(at), pattern)) {
            return true;
        }
    }
    return false;
}

bool is_meant(std::string_view pattern, const TableName& name) {
    const std::size_t dot = pattern.find('.');
    return is_like(name.schema, pattern.substr(0, dot)) &&
           is_like(name.table, pattern.substr(dot + 1));
}

Status check_pattern(const std::string& pattern) {
    if (pattern.find('.') == std::string::npos) {
        return fail(ErrorKind::invalid,
                    "cannot read table pattern: write schema.table or schema.*, pattern={}",
                    pattern);
    }
    return {};
}

/// Which tables a pattern means. A partition belongs to its root, unless it is named itself.
std::string condition(const Connection& connection, std::string_view pattern) {
    const std::size_t dot = pattern.find('.');
    const std::string schema = connection.quote_literal(like_text(pattern.substr(0, dot)));
    const std::string table = connection.quote_literal(like_text(pattern.substr(dot + 1)));
    return fmt::format("n.nspname LIKE {} AND c.relname LIKE {}{}", schema, table,
                       names_one(pattern) ? ""
                                          : " AND c.relkind IN ('r', 'p', 'f') AND NOT "
                                            "c.relispartition AND n.nspname NOT LIKE 'pg\\_%' AND "
                                            "n.nspname <> 'information_schema'");
}

catalog::Column column_of(const TextRow& row, const ValueCodec& codec,
                          std::vector<std::string> tags) {
    return {.id = to_number<std::uint32_t>(row[0]),
            .name = *row[1],
            .source_type = *row[4],
            .landed_type = codec.landed_type(),
            .nullable = *row[5] == "f",
            .in_key = *row[6] == "t",
            .tags = std::move(tags)};
}

/// A column that took over another's name gives the number back to the renamed one; one that is
/// gone from the catalog by now gets the number after its neighbour's, for columns come in that
/// order.
void settle_ids(std::vector<catalog::Column>& columns,
                const std::map<std::string, std::uint32_t>& numbers) {
    std::map<std::uint32_t, int> uses;
    for (const catalog::Column& column : columns) {
        ++uses[column.id];
    }
    std::uint32_t previous = 0;
    for (catalog::Column& column : columns) {
        const auto number = numbers.find(column.name);
        if (column.id != 0 && uses[column.id] > 1 && number != numbers.end()) {
            column.id = number->second;
        }
        if (column.id == 0) {
            column.id = previous + 1;
        }
        previous = column.id;
    }
}

bool same_shape(const TableContract& one, const TableContract& other) {
    return one.identity == other.identity &&
           std::ranges::equal(one.columns, other.columns,
                              [](const catalog::Column& left, const catalog::Column& right) {
                                  return left.name == right.name && left.id == right.id &&
                                         left.source_type == right.source_type &&
                                         left.in_key == right.in_key && left.tags == right.tags;
                              });
}

Status check_shape(const TableContract& contract) {
    const auto readable = [](const catalog::Column& column) {
        return is_utf8(column.name) && is_utf8(column.source_type);
    };
    if (!is_utf8(contract.name.schema) || !is_utf8(contract.name.table) ||
        !std::ranges::all_of(contract.columns, readable)) {
        return fail(ErrorKind::unsupported,
                    "a name of a table, a column or a type is no UTF-8, table={}",
                    contract.name.to_string());
    }
    if (contract.columns.empty()) {
        return fail(ErrorKind::unsupported, "the table has no column that is captured, table={}",
                    contract.name.to_string());
    }
    for (const catalog::Column& column : contract.columns) {
        if (catalog::is_own_name(column.name)) {
            return fail(ErrorKind::unsupported,
                        "a column has the name of one of weir's own; rename it or leave the table "
                        "out, table={}, column={}",
                        contract.name.to_string(), column.name);
        }
    }
    return {};
}

// ADD COLUMN with a constant default writes no row: the catalog keeps the value, as an array of
// one. Any other default writes all rows anew.
constexpr auto find_missing_sql =
    "SELECT atthasmissing, atthasdef OR attidentity <> '', (attmissingval::text::text[])[1] FROM "
    "pg_attribute WHERE attrelid = {} AND attnum = {}";

/// Whether the warehouse reads PostgreSQL's text of such a value as we do.
bool may_be_missing(const arrow::DataType& type) {
    return type.id() != arrow::Type::BINARY;
}

/// Whether the log's flags tell the key: under FULL all columns carry them, under NOTHING none.
bool tells_key(const Relation& relation) {
    return relation.replica_identity != 'f' && relation.replica_identity != 'n';
}

/// Whether a column of a type that is gone may be what it was known as. Of a domain the log tells
/// neither its name nor the digits of its numeric.
bool is_still(const catalog::Column& old, const ResolvedType& type, const ValueCodec& codec) {
    return codec.landed_type()->Equals(*old.landed_type) ||
           (type.base == numeric_type && old.landed_type->id() == arrow::Type::DECIMAL128);
}

/// A column as the log tells it; what the log does not tell is as it was known before.
catalog::Column column_after(const catalog::Column* old, const RelationColumn& told,
                             bool tells_key) {
    return {.id = old != nullptr ? old->id : 0,
            .name = std::string(told.name),
            .source_type = {},
            .landed_type = nullptr,
            .nullable = old == nullptr || old->nullable,
            .in_key = tells_key ? told.in_key : old != nullptr && old->in_key,
            .tags = {}};
}

}  // namespace

std::vector<std::string> TableDiscovery::tags_of(const TableName& table,
                                                 const std::string& column) const {
    const auto tags = tags_.find(fmt::format("{}.{}.{}", table.schema, table.table, column));
    return tags == tags_.end() ? std::vector{std::string(catalog::unclassified_tag)} : tags->second;
}

Result<std::vector<TextRow>> TableDiscovery::matches(const std::string& pattern,
                                                     const Patterns& exclude) {
    TRY(check_pattern(pattern));
    std::string where = condition(connection_, pattern);
    for (const std::string& other : exclude) {
        TRY(check_pattern(other));
        where += fmt::format(" AND NOT ({})", condition(connection_, other));
    }
    return connection_.query(fmt::format(
        "SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.relkind = 'p' AND EXISTS "
        "(WITH RECURSIVE part AS (SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid UNION "
        "ALL SELECT h.inhrelid FROM part JOIN pg_inherits h ON h.inhparent = part.inhrelid) SELECT "
        "FROM part JOIN pg_class p ON p.oid = part.inhrelid AND (p.relkind = 'f' OR "
        "p.relpersistence <> 'p')) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE {} ORDER BY 1, 2",
        where));
}

Result<std::vector<LeftOutTable>> TableDiscovery::find_left_out(const Patterns& patterns,
                                                                const Patterns& exclude) {
    std::vector<LeftOutTable> left_out;
    for (const std::string& pattern : patterns) {
        if (names_one(pattern)) {
            continue;  // `find_tables` refuses these.
        }
        TRY_LET(const auto rows, matches(pattern, exclude));
        for (const TextRow& row : rows) {
            if (const std::string_view reason = refusal(row); !reason.empty()) {
                left_out.push_back({.name = {*row[0], *row[1]}, .reason = std::string(reason)});
            }
        }
    }
    return left_out;
}

Result<std::vector<TableName>> TableDiscovery::find_tables(const Patterns& patterns,
                                                           const Patterns& exclude,
                                                           const Names& captured) {
    Names names;
    for (const std::string& pattern : patterns) {
        TRY_LET(const auto rows, matches(pattern, exclude));
        for (const TextRow& row : rows) {
            const TableName name{*row[0], *row[1]};
            const std::string_view reason = refusal(row);
            if (reason.empty()) {
                names.insert(name);
            } else if (names_one(pattern) && !captured.contains(name)) {
                return fail(ErrorKind::unsupported, "cannot capture table: {}, table={}", reason,
                            pattern);
            }
        }
        const auto meant = [&](const TableName& name) { return is_meant(pattern, name); };
        if (rows.empty() && std::ranges::none_of(captured, meant)) {
            return fail(ErrorKind::not_found,
                        "no table matches; look at source.tables and source.exclude in weir.yaml, "
                        "pattern={}",
                        pattern);
        }
    }
    TRY(leave_out_partitions(names, captured));
    return std::vector(names.begin(), names.end());
}

Status TableDiscovery::leave_out_partitions(Names& names, const Names& captured) {
    TRY_LET(
        const auto rows,
        connection_.query(fmt::format(
            "{} SELECT n.nspname, c.relname, rn.nspname, r.relname FROM part JOIN pg_class c ON "
            "c.oid = part.oid AND part.oid <> part.root JOIN pg_namespace n ON n.oid = "
            "c.relnamespace JOIN pg_class r ON r.oid = part.root JOIN pg_namespace rn ON "
            "rn.oid = r.relnamespace",
            with_parts(connection_, std::vector(names.begin(), names.end())))));
    for (const TextRow& row : rows) {
        const TableName name{*row[0], *row[1]};
        if (names.contains(name) && !captured.contains(name)) {
            return fail(ErrorKind::invalid,
                        "a table is captured as a partition of another one; name one of the two in "
                        "source.tables, table={}, partitioned={}",
                        name.to_string(), TableName{*row[2], *row[3]}.to_string());
        }
        names.erase(name);
    }
    return {};
}

Result<bool> TableDiscovery::is_append_log(RelationId id) {
    TRY_LET(const auto rows,
            connection_.query(
                fmt::format("SELECT {} FROM pg_class c {} WHERE c.oid = {} AND c.relkind = 'p'",
                            identity_letter, join_identity_index, id.value)));
    return !rows.empty() && rows[0][0] == "n";
}

Result<ResolvedType> TableDiscovery::resolve(TypeOid type, std::int32_t type_modifier) {
    if (type.value < first_named_oid) {
        return ResolvedType{.base = type, .type_modifier = type_modifier};
    }
    if (const auto found = resolved_.find(type); found != resolved_.end()) {
        return found->second;
    }
    TRY_LET(const auto rows,
            connection_.query(fmt::format(
                "SELECT typtype, typbasetype, typtypmod FROM pg_type WHERE oid = {}", type.value)));
    ResolvedType resolved{.base = type, .type_modifier = type_modifier};
    if (rows.empty()) {
        TRY_LET(resolved.base, told_base(type));
        resolved.is_gone = true;
    } else if (*rows[0][0] == "e") {
        resolved.is_enum = true;
    } else if (*rows[0][0] == "d") {
        TRY_LET(resolved, resolve(TypeOid{to_number<std::uint32_t>(rows[0][1])},
                                  to_number<std::int32_t>(rows[0][2])));
    }
    resolved_.emplace(type, resolved);
    return resolved;
}

Result<std::string> TableDiscovery::type_name(TypeOid type, std::int32_t type_modifier) {
    const auto key = std::pair(type, type_modifier);
    if (const auto found = names_.find(key); found != names_.end()) {
        return found->second;
    }
    TRY_LET(const auto rows, connection_.query(fmt::format("SELECT format_type({}, {})", type.value,
                                                           type_modifier)));
    std::string name = rows[0][0].value_or(unknown_type);
    if (name == unknown_type) {
        TRY_LET(name, told_name(type));
    }
    return names_.emplace(key, std::move(name)).first->second;
}

void TableDiscovery::note(const TypeName& told) {
    told_[told.type] = {.schema = std::string(told.schema), .name = std::string(told.name)};
}

Result<TypeOid> TableDiscovery::told_base(TypeOid type) {
    const auto told = told_.find(type);
    if (told == told_.end() || !told->second.schema.empty()) {
        return type;
    }
    TRY_LET(const auto rows,
            connection_.query(fmt::format("SELECT to_regtype(quote_ident({}))::oid",
                                          connection_.quote_literal(told->second.name))));
    return rows[0][0] ? TypeOid{to_number<std::uint32_t>(rows[0][0])} : type;
}

Result<std::string> TableDiscovery::told_name(TypeOid type) {
    const auto told = told_.find(type);
    if (told == told_.end()) {
        return std::string(unknown_type);
    }
    TRY_LET(const TypeOid base, told_base(type));
    const auto& [schema, name] = told->second;
    TRY_LET(
        const auto rows,
        connection_.query(fmt::format(
            "SELECT CASE {1} WHEN '' THEN format_type({0}, NULL) ELSE format('%I.%I', {1}, {2}) "
            "END",
            base.value, connection_.quote_literal(schema), connection_.quote_literal(name))));
    return rows[0][0].value_or(std::string(unknown_type));
}

Result<std::map<std::string, std::uint32_t>> TableDiscovery::attribute_numbers(RelationId id) {
    TRY_LET(const auto rows,
            connection_.query(fmt::format("SELECT attname, attnum FROM pg_attribute WHERE attrelid "
                                          "= {} AND attnum > 0 AND NOT attisdropped",
                                          id.value)));
    std::map<std::string, std::uint32_t> numbers;
    for (const TextRow& row : rows) {
        numbers.emplace(*row[0], to_number<std::uint32_t>(row[1]));
    }
    return numbers;
}

Result<std::vector<TextRow>> TableDiscovery::read_columns(const std::vector<TableName>& names) {
    // The identity's columns; of a table with REPLICA IDENTITY FULL, its primary key if it has one.
    return connection_.query(fmt::format(
        "SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, "
        "a.atttypmod), a.attnotnull, coalesce(a.attnum = ANY (i.indkey), false), {}, n.nspname, "
        "c.relname FROM {} {} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
        "a.attisdropped AND {} ORDER BY n.nspname, c.relname, a.attnum",
        identity_letter, from_named_tables(connection_, names), join_identity_index,
        is_captured(connection_)));
}

Result<CapturedTable> TableDiscovery::describe_columns(const TableName& name,
                                                       std::span<const TextRow> rows) {
    auto contract = std::make_shared<TableContract>();
    CapturedTable table{.contract = nullptr, .codecs = {}};
    for (const TextRow& row : rows) {
        TRY_LET(const ResolvedType type, resolve(TypeOid{to_number<std::uint32_t>(row[2])},
                                                 to_number<std::int32_t>(row[3])));
        table.codecs.push_back(ValueCodec::create(type.base, type.type_modifier, type.is_enum));
        contract->columns.push_back(
            column_of(row, table.codecs.back(), tags_of(name, row[1].value_or(""))));
    }
    contract->name = name;
    contract->version = {1};
    contract->identity = identity_of(*rows[0][7], contract->has_key());
    TRY(check_shape(*contract));
    table.contract = std::move(contract);
    return table;
}

Result<DescribedTables> TableDiscovery::describe_all(const std::vector<TableName>& names) {
    TRY_LET(const auto rows, read_columns(names));
    std::map<TableName, std::span<const TextRow>> columns;
    for (auto begin = rows.begin(); begin != rows.end();) {
        const auto end = std::find_if(begin, rows.end(), [&](const TextRow& row) {
            return row[8] != (*begin)[8] || row[9] != (*begin)[9];
        });
        columns.emplace(TableName{*(*begin)[8], *(*begin)[9]}, std::span(begin, end));
        begin = end;
    }
    DescribedTables described;
    for (const TableName& name : names) {
        const auto found = columns.find(name);
        if (found == columns.end()) {
            described.others.push_back(
                {.name = name, .reason = "it does not exist any more, or has no column"});
            continue;
        }
        auto table = describe_columns(name, found->second);
        if (table) {
            described.tables.push_back(*std::move(table));
        } else if (table.error().kind() == ErrorKind::unsupported) {
            described.others.push_back({.name = name, .reason = table.error().message()});
        } else {
            return std::unexpected(std::move(table).error());
        }
    }
    return described;
}

Result<ResolvedType> TableDiscovery::find_type(const std::string& name) {
    if (const auto found = found_.find(name); found != found_.end()) {
        return found->second;
    }
    const auto rows = connection_.query(fmt::format(
        "SELECT t.oid, coalesce((regexp_match({0}, '\\((\\d+),(\\d+)\\)'))[1]::int * "
        "65536 + (regexp_match({0}, '\\((\\d+),(\\d+)\\)'))[2]::int + 4, -1), t.typtype "
        "FROM pg_type t WHERE t.oid = to_regtype({0})::oid",
        connection_.quote_literal(name)));
    if (!rows && rows.error().kind() != ErrorKind::invalid) {
        return std::unexpected(rows.error());
    }
    ResolvedType type;
    if (rows && !rows->empty()) {  // Else it is gone, or no name that the server reads.
        TRY_LET(type, resolve(TypeOid{to_number<std::uint32_t>((*rows)[0][0])},
                              to_number<std::int32_t>((*rows)[0][1])));
    }
    found_.emplace(name, type);
    return type;
}

Result<CapturedTable> TableDiscovery::restore(std::shared_ptr<const TableContract> contract) {
    CapturedTable table{.contract = std::move(contract), .codecs = {}};
    for (const catalog::Column& column : table.contract->columns) {
        TRY_LET(const ResolvedType type, find_type(column.source_type));
        const ValueCodec codec = ValueCodec::create(type.base, type.type_modifier, type.is_enum);
        // The type may be gone by now, or another one may have its name.
        table.codecs.push_back(codec.landed_type()->Equals(*column.landed_type)
                                   ? codec
                                   : ValueCodec::create_for(column.landed_type));
    }
    return table;
}

Status TableDiscovery::read_told_columns(const Relation& relation, const TableContract* before,
                                         CapturedTable& table, TableContract& contract) {
    for (const RelationColumn& told : relation.columns) {
        const catalog::Column* old =
            before == nullptr ? nullptr : before->find_column(std::string(told.name));
        catalog::Column column = column_after(old, told, tells_key(relation));
        TRY_LET(const ResolvedType type, resolve(told.type, told.type_modifier));
        TRY_LET(column.source_type, type_name(told.type, told.type_modifier));
        table.codecs.push_back(ValueCodec::create(type.base, type.type_modifier, type.is_enum));
        if (type.is_gone && old != nullptr && is_still(*old, type, table.codecs.back())) {
            column.source_type = old->source_type;
            table.codecs.back() = ValueCodec::create_for(old->landed_type);
        }
        column.landed_type = table.codecs.back().landed_type();
        column.tags = tags_of(contract.name, column.name);
        contract.columns.push_back(std::move(column));
    }
    return {};
}

Result<CapturedTable> TableDiscovery::follow(const CapturedTable* known, const Relation& relation) {
    const TableContract* before = known == nullptr ? nullptr : known->contract.get();
    auto contract = std::make_shared<TableContract>();
    contract->name = {std::string(relation.schema), std::string(relation.table)};
    CapturedTable table{.contract = nullptr, .codecs = {}};
    TRY(read_told_columns(relation, before, table, *contract));
    TRY(check_shape(*contract));
    TRY(number_columns(relation.id, contract->columns));
    TRY(settle_identity(relation.id, relation.replica_identity, before, *contract));
    contract->version = {before == nullptr ? 1 : before->version.number + 1};
    if (before != nullptr && same_shape(*before, *contract)) {
        return *known;
    }
    if (before != nullptr) {
        TRY(compare_columns(relation.id, *before, table, *contract));
    }
    table.contract = std::move(contract);
    return table;
}

Status TableDiscovery::settle_identity(RelationId id, char replica_identity,
                                       const TableContract* before, TableContract& contract) {
    contract.identity = identity_of(std::string_view(&replica_identity, 1), contract.has_key());
    if (contract.identity != RowIdentity::none &&
        (before == nullptr || before->identity == RowIdentity::none)) {
        TRY_LET(const bool append_log, is_append_log(id));
        contract.identity = append_log ? RowIdentity::none : contract.identity;
    }
    return {};
}

Result<CapturedTable> TableDiscovery::follow(const CapturedTable& known, const ToldShape& told) {
    const TableContract& before = *known.contract;
    auto contract = std::make_shared<TableContract>();
    contract->name = told.table;
    contract->version = {before.version.number + 1};
    CapturedTable table{.contract = nullptr, .codecs = {}, .rewritten = told.rewritten};
    TRY(read_told_columns(told, before, table, *contract));
    TRY(check_shape(*contract));
    TRY(settle_identity(told.relation, told.replica_identity, &before, *contract));
    if (same_shape(before, *contract) &&
        std::ranges::equal(before.columns, contract->columns, {}, &catalog::Column::nullable,
                           &catalog::Column::nullable)) {
        return CapturedTable{
            .contract = known.contract, .codecs = known.codecs, .rewritten = told.rewritten};
    }
    table.contract = std::move(contract);
    return table;
}

Result<TableDiscovery::ReadType> TableDiscovery::read_told_type(const ToldColumn& column,
                                                                const catalog::Column* old) {
    if (!column.base_name.empty()) {
        note({.type = column.type, .schema = column.base_schema, .name = column.base_name});
    }
    TRY_LET(const ResolvedType type, resolve(column.type, column.type_modifier));
    TRY_LET(std::string name, type_name(column.type, column.type_modifier));
    const ValueCodec codec = ValueCodec::create(type.base, type.type_modifier, type.is_enum);
    if (type.is_gone && old != nullptr && is_still(*old, type, codec)) {
        return ReadType{.name = old->source_type,
                        .codec = ValueCodec::create_for(old->landed_type)};
    }
    return ReadType{.name = std::move(name), .codec = codec};
}

Status TableDiscovery::read_told_columns(const ToldShape& told, const TableContract& before,
                                         CapturedTable& table, TableContract& contract) {
    for (const ToldColumn& column : told.columns) {
        if (!is_captured(column.generated, connection_)) {
            continue;
        }
        const auto found = std::ranges::find(before.columns, column.number, &catalog::Column::id);
        const catalog::Column* old = found == before.columns.end() ? nullptr : &*found;
        TRY_LET(ReadType type, read_told_type(column, old));
        const bool is_told = column.missing_value && may_be_missing(*type.codec.landed_type());
        table.rewritten |= old == nullptr ? !is_told && (column.missing_value || column.has_own)
                                          : old->source_type != type.name;
        table.codecs.push_back(type.codec);
        contract.columns.push_back({.id = column.number,
                                    .name = column.name,
                                    .source_type = std::move(type.name),
                                    .landed_type = type.codec.landed_type(),
                                    .nullable = column.nullable,
                                    .in_key = column.in_key,
                                    .tags = tags_of(told.table, column.name),
                                    .missing_value = old != nullptr ? old->missing_value
                                                     : is_told      ? column.missing_value
                                                                    : std::nullopt});
    }
    return {};
}

Status TableDiscovery::compare_columns(RelationId id, const TableContract& before,
                                       CapturedTable& table, TableContract& contract) {
    for (catalog::Column& column : contract.columns) {
        const auto old = std::ranges::find(before.columns, column.id, &catalog::Column::id);
        if (old != before.columns.end()) {
            column.missing_value = old->missing_value;
            table.rewritten |= old->source_type != column.source_type;
            continue;
        }
        TRY_LET(const auto rows,
                connection_.query(fmt::format(find_missing_sql, id.value, column.id)));
        if (rows.empty()) {
            continue;  // It was dropped since.
        }
        const bool is_told = rows[0][0] == "t" && may_be_missing(*column.landed_type);
        if (is_told) {
            column.missing_value = rows[0][2];
        }
        table.rewritten |= !is_told && (rows[0][0] == "t" || rows[0][1] == "t");
    }
    return {};
}

Status TableDiscovery::number_columns(RelationId id, std::vector<catalog::Column>& columns) {
    std::map<std::string, std::uint32_t> numbers;
    if (std::ranges::any_of(columns, [](const auto& column) { return column.id == 0; })) {
        TRY_LET(numbers, attribute_numbers(id));
    }
    for (catalog::Column& column : columns) {
        if (column.id == 0) {
            column.id = numbers[column.name];
        }
    }
    settle_ids(columns, numbers);
    return {};
}

}  // namespace weir::capture::postgres
