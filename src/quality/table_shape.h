#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/table_contract.h"
#include "sql/sql_session.h"

namespace weir::quality {

/// How values of a column may be compared.
enum class ValueClass { number, decimal, text, temporal, boolean, other };

struct ShapeColumn {
    std::string name;
    std::string type;  // As the engine names it.

    ValueClass value_class() const;
};

/// A table or view as the engine describes it.
struct TableShape {
    catalog::TableName name;
    std::vector<ShapeColumn> columns;  // Empty: there is no such table.

    const ShapeColumn* find(std::string_view column) const;
    /// Quotes schema and table.
    std::string quoted() const;
};

Result<TableShape> read_shape(sql::SqlSession& session, const catalog::TableName& table);

}  // namespace weir::quality
