#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/aws/credentials.h"
#include "store/aws/profile.h"
#include "store/http_client.h"

namespace weir::store::aws {

// Who gives credentials by HTTP. Each returns no value if this process is not in such a place, and
// fails if it is and gets none.

/// Exchanges the token in a file (AWS_WEB_IDENTITY_TOKEN_FILE) for a role (AWS_ROLE_ARN), or what
/// the profile names, at the security token service of `region`.
Result<std::optional<Credentials>> web_identity_credentials(const Environment& environment,
                                                            const Profile& profile,
                                                            const std::string& region,
                                                            HttpClient& http);

/// Asks the endpoint that a container is given (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, _FULL_URI).
Result<std::optional<Credentials>> container_credentials(const Environment& environment,
                                                         HttpClient& http);

/// Asks the metadata service of a machine (version 2). No value too if there is none.
Result<std::optional<Credentials>> machine_credentials(const Environment& environment,
                                                       HttpClient& http);

}  // namespace weir::store::aws
