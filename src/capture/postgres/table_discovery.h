#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/captured_table.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/pgoutput.h"
#include "capture/postgres/postgres_options.h"
#include "capture/postgres/told_shape.h"

namespace weir::capture::postgres {

/// A type as the catalog resolves it: domains to their base, enums marked. Of a type that is gone
/// the log told the base, or it is its own.
struct ResolvedType {
    TypeOid base{};
    std::int32_t type_modifier = -1;
    bool is_enum = false;
    bool is_gone = false;
};

/// A table that is not captured, and why.
struct LeftOutTable {
    catalog::TableName name;
    std::string reason;
};

/// What was asked for: the tables, and those that have no shape which weir can follow.
struct DescribedTables {
    std::vector<CapturedTable> tables;
    std::vector<LeftOutTable> others = {};
};

/// Reads the server's catalog over a session of its own. One thread at a time.
class TableDiscovery {
public:
    explicit TableDiscovery(Connection& connection, ColumnTags tags = {})
        : connection_(connection), tags_(std::move(tags)) {}

    using Patterns = std::vector<std::string>;
    using Names = std::set<catalog::TableName>;

    /// Returns the names of the tables that match any of `patterns` ("claims.*", "claims.claim";
    /// `*` is any text) and none of `exclude`, sorted: ordinary ones, and partitioned ones, which
    /// stand for all of their partitions. Fails with `not_found` for a pattern that matches
    /// nothing, and with `unsupported` for a table named outright that cannot be captured; but of
    /// `captured`, which are those from before, one that is gone or changed is only left out.
    Result<std::vector<catalog::TableName>> find_tables(const Patterns& patterns,
                                                        const Patterns& exclude = {},
                                                        const Names& captured = {});

    /// Returns what the patterns with `*` match and `find_tables` leaves out, with the reasons.
    Result<std::vector<LeftOutTable>> find_left_out(const Patterns& patterns,
                                                    const Patterns& exclude = {});

    /// Describes tables as they are now, in the order of `names` and each as version 1: with one
    /// query, however many they are. What cannot be described keeps no other from it.
    Result<DescribedTables> describe_all(const std::vector<catalog::TableName>& names);
    /// Gives a stored contract its codecs; the table's present shape is not looked at.
    Result<CapturedTable> restore(std::shared_ptr<const catalog::TableContract> contract);

    /// Returns `known` if the log's relation message tells the same shape and the tags are the
    /// same, else the next version.
    Result<CapturedTable> follow(const CapturedTable* known, const Relation& relation);
    /// The same by what the DDL trigger told, which says more: numbers, defaults and NOT NULL are
    /// as of then. `rewritten` also says of the same shape that all rows were written anew.
    Result<CapturedTable> follow(const CapturedTable& known, const ToldShape& told);

    /// Keeps what the log says of a type, for the day when the catalog no longer knows it.
    void note(const TypeName& told);

private:
    struct ToldType {
        std::string schema;  // Empty: pg_catalog.
        std::string name;
    };

    /// What a column's type is called, and how its values are read.
    struct ReadType {
        std::string name;
        ValueCodec codec;
    };

    Result<std::vector<TextRow>> matches(const std::string& pattern, const Patterns& exclude);
    /// Leaves out partitions of tables that are captured as a whole, or refuses them.
    Status leave_out_partitions(Names& names, const Names& captured);
    /// Whether a partitioned table's changes reach us without its updates and deletes.
    Result<bool> is_append_log(RelationId id);
    Result<std::vector<TextRow>> read_columns(const std::vector<catalog::TableName>& names);
    Result<CapturedTable> describe_columns(const catalog::TableName& name,
                                           std::span<const TextRow> rows);
    Result<ResolvedType> resolve(TypeOid type, std::int32_t type_modifier);
    Result<std::string> type_name(TypeOid type, std::int32_t type_modifier);
    /// Reads a type as `type_name` writes it; of one that is gone everything is as the default.
    Result<ResolvedType> find_type(const std::string& name);
    /// Of a type that is gone: the built-in type that it was a domain over, or the type itself.
    Result<TypeOid> told_base(TypeOid type);
    Result<std::string> told_name(TypeOid type);
    Result<std::map<std::string, std::uint32_t>> attribute_numbers(RelationId id);
    Status read_told_columns(const Relation& relation, const catalog::TableContract* before,
                             CapturedTable& table, catalog::TableContract& contract);
    /// `old`: the column as it was known; null if it is new.
    Result<ReadType> read_told_type(const ToldColumn& column, const catalog::Column* old);
    Status read_told_columns(const ToldShape& told, const catalog::TableContract& before,
                             CapturedTable& table, catalog::TableContract& contract);
    /// Says how the source names the old rows of a table of this letter of replica identity.
    Status settle_identity(RelationId id, char replica_identity,
                           const catalog::TableContract* before, catalog::TableContract& contract);
    /// Says of a table that changed its shape what its older rows have in new columns, and whether
    /// that can be said.
    Status compare_columns(RelationId id, const catalog::TableContract& before,
                           CapturedTable& table, catalog::TableContract& contract);
    /// Gives columns that nobody knew before their numbers.
    Status number_columns(RelationId id, std::vector<catalog::Column>& columns);

    std::vector<std::string> tags_of(const catalog::TableName& table,
                                     const std::string& column) const;

    Connection& connection_;
    ColumnTags tags_;
    std::map<TypeOid, ResolvedType> resolved_;
    std::map<std::pair<TypeOid, std::int32_t>, std::string> names_;
    std::map<std::string, ResolvedType> found_;  // By name.
    std::map<TypeOid, ToldType> told_;
};

}  // namespace weir::capture::postgres
