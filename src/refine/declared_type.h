#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "catalog/table_contract.h"

namespace arrow {
class DataType;
}

namespace weir::refine {

/// A type that the configuration declares for a column whose source type says less.
struct DeclaredType {
    enum class Kind { decimal, date, timestamp, json };

    Kind kind = Kind::json;
    std::int32_t precision = 0;  // Of decimals only.
    std::int32_t scale = 0;

    /// Reads `decimal(p,s)`, `date`, `timestamp` or `json`. Fails with `invalid`.
    static Result<DeclaredType> parse(std::string_view text);
    std::string to_string() const;

    friend bool operator==(const DeclaredType&, const DeclaredType&) = default;
};

/// The declared types of a pipeline. A value; any thread may read it.
class DeclaredTypes {
public:
    /// Declares the type of `schema.table.column`, schema and table as `catalog::TableName` writes
    /// them. Fails with `invalid`.
    Status declare(std::string_view column, std::string_view type);

    /// Returns null if there is no declaration.
    const DeclaredType* find(const catalog::TableName& table, std::string_view column) const;

private:
    std::map<std::pair<catalog::TableName, std::string>, DeclaredType, std::less<>> types_;
};

/// Returns the type that a column has in processing files and in the warehouse. Fails with
/// `invalid` if the declared type cannot be made of the landed one.
Result<std::shared_ptr<arrow::DataType>> refined_type(const catalog::Column& column,
                                                      const DeclaredType* declared);

}  // namespace weir::refine
