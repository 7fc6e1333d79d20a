#pragma once

#include <arrow/type.h>

#include <string>

namespace weir::columnar {

/// Returns the path of a field below another one in Parquet's notation, which calls every list's
/// items `list.element`: `after_image.ssn`, `unchanged.list.element`.
inline std::string leaf_path(const std::string& path, const arrow::DataType& parent,
                             const arrow::Field& field) {
    return path + "." + (parent.id() == arrow::Type::LIST ? "list.element" : field.name());
}

}  // namespace weir::columnar
