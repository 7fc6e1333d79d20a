#pragma once

#include <arrow/util/utf8.h>

#include <string_view>

namespace weir::capture::postgres {

/// A server whose encoding is SQL_ASCII hands out any bytes as text, in names too.
inline bool is_utf8(std::string_view text) {
    static const bool ready = (arrow::util::InitializeUTF8(), true);
    return ready && arrow::util::ValidateUTF8(text);
}

}  // namespace weir::capture::postgres
