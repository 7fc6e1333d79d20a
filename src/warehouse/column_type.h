#pragma once

#include <memory>
#include <string>

namespace arrow {
class DataType;
}

namespace weir::warehouse {

/// Returns the warehouse's name of a landed type: "DECIMAL(12,2)". REQUIRES: a landed type.
std::string sql_type(const arrow::DataType& type);

/// Returns the narrowest landed type that holds all values of both, so that a history column can
/// take rows from before and after a change of type: text holds every type.
std::shared_ptr<arrow::DataType> common_type(const std::shared_ptr<arrow::DataType>& left,
                                             const std::shared_ptr<arrow::DataType>& right);

}  // namespace weir::warehouse
