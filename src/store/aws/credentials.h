#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace weir::store::aws {

/// Who asks, to AWS. A value that is never printed.
struct Credentials {
    std::string access_key;
    std::string secret_key;
    std::string session_token = {};                   // Empty: the keys are for good.
    std::optional<Timestamp> expires = std::nullopt;  // No value: never.
};

/// Returns a variable of the environment; no value if it is not set, or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// This process's own.
Environment process_environment();

/// Reads AWS's times: "2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000Z". Fails with `corrupt`.
Result<Timestamp> parse_time(const std::string& text);

/// Reads the credentials out of the JSON that containers and machines are given.
Result<Credentials> credentials_from_json(std::string_view text);

}  // namespace weir::store::aws
