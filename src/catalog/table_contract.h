#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace arrow {
class DataType;
}

namespace weir::catalog {

/// A table of the source: `claims.claim_line`. Ordered, so that it can be a key.
struct TableName {
    std::string schema;
    std::string table;

    /// Writes "schema.table" with everything but letters, digits and underscores of either part
    /// percent-encoded, so that it is a safe part of a file name and no two names share one.
    std::string to_string() const;
    /// Reads what `to_string` writes. Fails with `invalid`.
    static Result<TableName> parse(std::string_view text);

    friend auto operator<=>(const TableName&, const TableName&) = default;
};

/// Counts the shapes that a table has had, from 1.
struct SchemaVersion {
    std::uint32_t number = 0;

    friend constexpr auto operator<=>(SchemaVersion, SchemaVersion) = default;
};

/// What weir promises to hold of one column. `landed_type` is the column's type in Parquet and in
/// the images of a landed row, from the table in docs/types.md.
struct Column {
    std::uint32_t id = 0;  // Stable over renames; PostgreSQL: attnum. Unique within the table.
    std::string name;
    std::string source_type;  // As the source writes it: "numeric(12,2)", "jsonb".
    std::shared_ptr<arrow::DataType> landed_type;
    bool nullable = true;
    bool in_key = false;            // Part of the identity by which updates and deletes name a row.
    std::vector<std::string> tags;  // "phi.ssn", ...; "phi.unclassified" until somebody decides.
    /// What rows have in it that are older than the column, in the source's text; none: null.
    std::optional<std::string> missing_value = std::nullopt;
};

/// The tag of a column until somebody decides.
inline constexpr std::string_view unclassified_tag = "phi.unclassified";

/// Returns the class of keys that a column is encrypted under: its first tag, `phi.unclassified`
/// aside; empty: that of the whole file.
std::string key_class(const Column& column);

/// How the source names the old row of an update or a delete.
enum class RowIdentity {
    key,   // by the columns with `in_key`
    full,  // by the whole old row (REPLICA IDENTITY FULL, or a table without a key)
    none,  // not at all: updates and deletes do not reach the log
};

/// One version of a table's shape. A value, immutable once shared; any thread may read it.
struct TableContract {
    TableName name;
    SchemaVersion version{};
    RowIdentity identity = RowIdentity::key;
    std::vector<Column> columns;  // In the source's order.

    bool has_key() const;
    const Column* find_column(std::string_view column_name) const;
};

/// Whether a refined row has a column of weir's own by this name (docs/formats/processing_file.md),
/// so that a source's column cannot have it. Letters of either case are one, as in the warehouse.
bool is_own_name(std::string_view column_name);

/// Writes canonical JSON (sorted keys, no spaces); equal contracts have equal text.
std::string to_json(const TableContract& contract);
/// Reads what `to_json` writes. Fails with `corrupt`.
Result<TableContract> contract_from_json(std::string_view text);

/// Writes a landed type as `docs/types.md` names it: "decimal(12,2)", "timestamptz".
std::string landed_type_name(const arrow::DataType& type);
/// Reads what `landed_type_name` writes. Fails with `corrupt`.
Result<std::shared_ptr<arrow::DataType>> landed_type_from_name(std::string_view name);

}  // namespace weir::catalog
