#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <type_traits>

#include "base/result.h"

namespace weir {

/// Matches a `Result` that is no error: `EXPECT_THAT(file.flush(), IsOk())`.
MATCHER(IsOk, "") {
    return arg.has_value();
}

/// Matches a `Result` whose value matches: `EXPECT_THAT(Position::parse("0/1"),
/// HasValue(Position(1)))`.
MATCHER_P(HasValue, value, "") {
    return arg.has_value() && ::testing::ExplainMatchResult(value, *arg, result_listener);
}

/// Matches an error by kind.
MATCHER_P(IsError, kind, "") {
    return !arg.has_value() && arg.error().kind() == kind;
}

/// Matches an error by kind and by what `Error::to_string` says.
MATCHER_P2(IsError, kind, text, "") {
    return !arg.has_value() && arg.error().kind() == kind &&
           ::testing::ExplainMatchResult(text, arg.error().to_string(), result_listener);
}

inline void PrintTo(ErrorKind kind, std::ostream* out) {
    *out << to_string(kind);
}

template <typename T>
void PrintTo(const Result<T>& result, std::ostream* out) {
    if (!result.has_value()) {
        *out << result.error().to_string();
    } else if constexpr (std::is_void_v<T>) {
        *out << "ok";
    } else {
        *out << ::testing::PrintToString(*result);
    }
}

}  // namespace weir
