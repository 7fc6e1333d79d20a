#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/aws/s3_client.h"
#include "store/object_store.h"

namespace weir::store::aws {

/// The headers of a write that makes an object: what encrypts it, and the write's name.
std::vector<HttpHeader> object_headers(const S3Options& options, const std::string& write_name);

/// Returns the SHA-256 as S3 writes it.
std::string checksum_of(std::span<const std::byte> bytes);

/// The condition under which S3 writes: the object still is `expected`, or there is none.
HttpHeader condition(const std::optional<Version>& expected);

/// Whose object a key has.
struct Owner {
    bool exists = false;
    bool ours = false;
    Version version = {};
};
/// Asks for it. `write_name` is of the write in question.
Result<Owner> owner_of(S3Client& client, const std::string& key, const std::string& write_name);

/// Writes a whole object in one request. Fails with `conflict` if the condition does not hold, with
/// `in_doubt` if nobody can tell.
Result<Version> put_object(S3Client& client, const std::string& key,
                           const std::optional<Version>& expected,
                           std::span<const std::byte> bytes);

}  // namespace weir::store::aws
