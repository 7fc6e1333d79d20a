#pragma once

#include <arrow/type.h>

#include <string>

namespace weir::columnar {

/// Calls `visit(type, path)` with each column of values below a field, its path in Parquet's
/// notation: `after_image.ssn`, `unchanged.list.element`.
template <typename Visit>
void visit_leaves(const arrow::DataType& type, const std::string& path, const Visit& visit) {
    if (type.num_fields() == 0) {
        visit(type, path);
    }
    const bool is_list = type.id() == arrow::Type::LIST;
    for (const auto& field : type.fields()) {
        visit_leaves(*field->type(), path + "." + (is_list ? "list.element" : field->name()),
                     visit);
    }
}

}  // namespace weir::columnar
