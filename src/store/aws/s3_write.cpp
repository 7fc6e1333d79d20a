#include "store/aws/s3_write.h"

#include "base/base64.h"
#include "base/sha256.h"
#include "store/random_name.h"

namespace weir::store::aws {
namespace {

constexpr std::string_view write_name_header = "x-amz-meta-weir-write";
constexpr int tries_max = 8;  // Of a write whose object comes and goes.

std::unexpected<Error> lost_race(std::string_view key) {
    return fail(ErrorKind::conflict,
                "cannot write object: it has changed; read it again and retry, key={}", key);
}

/// What one PUT came to; no value: it is to be sent again.
Result<std::optional<Version>> settle(S3Client& client, const S3Request& put,
                                      const S3Answer& answer, bool wants_absence,
                                      const std::string& write_name) {
    if (answer.response.is_success()) {
        return Version{std::string(answer.response.header("etag"))};
    }
    const auto owner = owner_of(client, put.key, write_name);
    if (!owner) {
        return fail(ErrorKind::in_doubt, "cannot find out whose object it is: {}, key={}",
                    owner.error().message(), put.key);
    }
    if (owner->ours) {
        return owner->version;
    }
    if (wants_absence && !owner->exists) {
        return std::nullopt;  // It was there a moment ago, and is gone.
    }
    if (answer.tried_before && !wants_absence) {
        return fail(ErrorKind::in_doubt,
                    "the answer to a write was lost and another write followed it: read it again, "
                    "key={}",
                    put.key);
    }
    return lost_race(put.key);
}

}  // namespace

std::vector<HttpHeader> object_headers(const S3Options& options, const std::string& write_name) {
    std::vector<HttpHeader> headers{{std::string(write_name_header), write_name},
                                    {"Content-Type", "application/octet-stream"}};
    if (options.encryption == ServerEncryption::s3) {
        headers.push_back({"x-amz-server-side-encryption", "AES256"});
    }
    if (options.encryption == ServerEncryption::kms) {
        headers.push_back({"x-amz-server-side-encryption", "aws:kms"});
        if (!options.kms_key.empty()) {
            headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", options.kms_key});
        }
    }
    return headers;
}

std::string checksum_of(std::span<const std::byte> bytes) {
    return encode_base64(sha256(bytes));
}

HttpHeader condition(const std::optional<Version>& expected) {
    return expected ? HttpHeader{"If-Match", expected->tag} : HttpHeader{"If-None-Match", "*"};
}

Result<Owner> owner_of(S3Client& client, const std::string& key, const std::string& write_name) {
    TRY_LET(const S3Answer answer, client.send({.method = "HEAD", .key = key}));
    if (!answer.response.is_success()) {
        return Owner{};
    }
    return Owner{.exists = true,
                 .ours = answer.response.header(write_name_header) == write_name,
                 .version = {std::string(answer.response.header("etag"))}};
}

Result<Version> put_object(S3Client& client, const std::string& key,
                           const std::optional<Version>& expected,
                           std::span<const std::byte> bytes) {
    TRY_LET(const std::string write_name, random_name());
    S3Request put{.method = "PUT",
                  .key = key,
                  .headers = object_headers(client.options(), write_name),
                  .body = bytes};
    put.headers.push_back(condition(expected));
    put.headers.push_back({"x-amz-checksum-sha256", checksum_of(bytes)});
    for (int tries = 0; tries < tries_max; ++tries) {
        TRY_LET(const S3Answer answer, client.send(put));
        TRY_LET(const auto version, settle(client, put, answer, !expected.has_value(), write_name));
        if (version) {
            return *version;
        }
    }
    return fail(ErrorKind::unavailable, "cannot write object: it comes and goes, key={}", key);
}

}  // namespace weir::store::aws
