#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "refine/declared_type.h"
#include "refine/quarantine_reason.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace weir::refine {

/// Types the values of one column. A value; any thread may call it.
class ColumnRefiner {
public:
    /// `type` is `refined_type(column, declared)`; no declaration keeps values as they are.
    ColumnRefiner(std::string column, const DeclaredType* declared,
                  std::shared_ptr<arrow::DataType> type);

    /// Returns the values in their refined type. A value that has no place there is null, and its
    /// row gets a verdict unless it has one.
    Result<std::shared_ptr<arrow::Array>> refine(const std::shared_ptr<arrow::Array>& landed,
                                                 Verdicts& verdicts) const;

private:
    std::string column_;
    const DeclaredType* declared_;  // Of the declared types, which outlive this; null if none.
    std::shared_ptr<arrow::DataType> type_;
};

}  // namespace weir::refine
