#include "quality/table_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace weir::quality {

ValueClass ShapeColumn::value_class() const {
    constexpr std::array numbers{"TINYINT",  "SMALLINT",  "INTEGER",  "BIGINT",  "HUGEINT",
                                 "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
                                 "FLOAT",    "DOUBLE",    "REAL"};
    if (std::ranges::find(numbers, type) != numbers.end()) {
        return ValueClass::number;
    }
    if (type.starts_with("DECIMAL")) {
        return ValueClass::decimal;
    }
    if (type.starts_with("DATE") || type.starts_with("TIME")) {
        return ValueClass::temporal;
    }
    if (type == "BOOLEAN") {
        return ValueClass::boolean;
    }
    return type == "VARCHAR" ? ValueClass::text : ValueClass::other;
}

const ShapeColumn* TableShape::find(std::string_view column) const {
    const auto found = std::ranges::find(columns, column, &ShapeColumn::name);
    return found == columns.end() ? nullptr : &*found;
}

std::string TableShape::quoted() const {
    return sql::quote_identifier(name.schema) + "." + sql::quote_identifier(name.table);
}

Result<TableShape> read_shape(sql::SqlSession& session, const catalog::TableName& table) {
    TRY_LET(
        const auto found,
        session.query(fmt::format(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_catalog = "
            "current_database() AND table_schema = {} AND table_name = {} ORDER BY "
            "ordinal_position",
            sql::quote_literal(table.schema), sql::quote_literal(table.table))));
    TableShape shape{.name = table, .columns = {}};
    for (const auto& row : found.rows) {
        shape.columns.push_back({.name = row[0].value_or(""), .type = row[1].value_or("")});
    }
    return shape;
}

}  // namespace weir::quality
