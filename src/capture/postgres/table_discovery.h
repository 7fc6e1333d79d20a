#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/postgres/captured_table.h"
#include "capture/postgres/connection.h"
#include "capture/postgres/pgoutput.h"

namespace weir::capture::postgres {

/// A type as the catalog resolves it: domains to their base, enums marked.
struct ResolvedType {
    TypeOid base{};
    std::int32_t type_modifier = -1;
    bool is_enum = false;
};

/// Reads the server's catalog over a session of its own. One thread at a time.
class TableDiscovery {
public:
    explicit TableDiscovery(Connection& connection) : connection_(connection) {}

    /// Returns the names of the ordinary tables that match any of `patterns` ("claims.*",
    /// "claims.claim"), sorted. Fails with `not_found` for a pattern that matches nothing, and with
    /// `unsupported` for a table named outright that cannot be captured, with the reason.
    Result<std::vector<catalog::TableName>> find_tables(const std::vector<std::string>& patterns);

    /// Describes a table as it is now.
    Result<CapturedTable> describe(const catalog::TableName& name, catalog::SchemaVersion version);

    /// Gives a stored contract its codecs; the table's present shape is not looked at.
    Result<CapturedTable> restore(std::shared_ptr<const catalog::TableContract> contract);

    /// Returns `known` if the log's relation message tells the same shape, else the next version.
    Result<CapturedTable> follow(const CapturedTable* known, const Relation& relation);

private:
    Result<ResolvedType> resolve(TypeOid type, std::int32_t type_modifier);
    Result<std::string> type_name(TypeOid type, std::int32_t type_modifier);
    Result<std::map<std::string, std::uint32_t>> attribute_numbers(RelationId id);

    Connection& connection_;
    std::map<TypeOid, ResolvedType> resolved_;
    std::map<std::pair<TypeOid, std::int32_t>, std::string> names_;
};

}  // namespace weir::capture::postgres
