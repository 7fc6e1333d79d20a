#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/http_client.h"
#include "store/patience.h"

namespace weir::store::aws {

/// What encrypts the objects at rest.
enum class ServerEncryption { none, s3, kms };  // none: what the bucket does by itself.

/// Where the objects are, and how to get there. A value.
struct S3Options {
    std::string bucket;
    std::string prefix = {};                        // Without a slash at its ends; may be empty.
    std::string endpoint = {};                      // Empty: AWS's of the region.
    std::string region = {};                        // Empty: what environment or profile say.
    std::optional<bool> path_style = std::nullopt;  // No value: with an endpoint, yes.
    ServerEncryption encryption = ServerEncryption::none;
    std::string kms_key = {};  // Empty: AWS's own key of the account.
    HttpOptions http = {};
    RetrySchedule retry = {};
    std::size_t part_bytes = 8U << 20U;       // Larger objects go in parts of this size.
    std::chrono::hours leftover_age_min{24};  // Of an upload that nobody can be busy with.
};

/// Reads `s3://bucket/prefix`. Fails with `invalid` on another form.
Result<S3Options> parse_s3_url(std::string_view url);

}  // namespace weir::store::aws
