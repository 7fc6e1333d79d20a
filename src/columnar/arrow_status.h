#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <utility>

#include "base/result.h"

namespace weir::columnar {

/// Translates a failure of Arrow. Use it for files and memory only: Arrow's messages about single
/// values quote them, and no row value may enter an error.
inline Status from_arrow(const arrow::Status& status, ErrorKind kind) {
    if (status.ok()) {
        return {};
    }
    return fail(status.IsOutOfMemory() ? ErrorKind::unavailable : kind, "{}", status.ToString());
}

template <typename T>
Result<T> from_arrow(arrow::Result<T>&& result, ErrorKind kind) {
    if (!result.ok()) {
        return std::unexpected(from_arrow(result.status(), kind).error());
    }
    return std::move(result).ValueUnsafe();
}

}  // namespace weir::columnar
