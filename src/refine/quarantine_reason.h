#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace weir::refine {

/// Why a row is in quarantine. docs/formats/processing_file.md lists the names.
enum class QuarantineReason {
    untyped_value,
    malformed_json,
    malformed_number,
    number_out_of_range,
    malformed_date,
    date_out_of_range,
};

inline std::string_view to_string(QuarantineReason reason) {
    switch (reason) {
        case QuarantineReason::untyped_value: return "untyped_value";
        case QuarantineReason::malformed_json: return "malformed_json";
        case QuarantineReason::malformed_number: return "malformed_number";
        case QuarantineReason::number_out_of_range: return "number_out_of_range";
        case QuarantineReason::malformed_date: return "malformed_date";
        case QuarantineReason::date_out_of_range: return "date_out_of_range";
    }
    WEIR_ASSERT(false && "a QuarantineReason is one of its enumerators");
    return {};
}

/// A value of its type, or why it is none.
template <typename T>
using Typed = std::expected<T, QuarantineReason>;

struct Verdict {
    QuarantineReason reason{};
    std::string column;
};

/// The rows of a batch that go to quarantine, by row number; each with what was found first.
using Verdicts = std::map<std::int64_t, Verdict>;

}  // namespace weir::refine
