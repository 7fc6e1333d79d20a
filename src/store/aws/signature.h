#pragma once

#include <vector>

#include "base/clock.h"
#include "store/http_client.h"

namespace weir::store::aws {

/// Signs a request by AWS's Signature Version 4. Returns the headers to send beside those of the
/// request: hash of the body, time, token, authorization. REQUIRES: `request.signer`, and a URL
/// that is written as `HttpRequest` says.
std::vector<HttpHeader> signature_headers(const HttpRequest& request, Timestamp now);

}  // namespace weir::store::aws
