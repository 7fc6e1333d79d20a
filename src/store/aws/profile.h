#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "store/aws/credentials.h"

namespace weir::store::aws {

/// What the files that AWS's tools share say of one profile: names in lower case to values, and
/// settings with settings below them left out.
using Profile = std::map<std::string, std::string>;

/// Reads the profile that AWS_PROFILE names, or `default`, from AWS_CONFIG_FILE (~/.aws/config) and
/// AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), whose word counts. Empty if there is none;
/// fails with `not_found` if AWS_PROFILE names one that is in neither.
Result<Profile> read_profile(const Environment& environment);

}  // namespace weir::store::aws
