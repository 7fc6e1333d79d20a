#include "store/aws/s3_store.h"

#include <algorithm>

#include "base/base64.h"
#include "base/sha256.h"
#include "store/aws/s3_sink.h"
#include "store/aws/s3_write.h"
#include "store/object_key.h"
#include "store/random_name.h"

namespace weir::store::aws {
namespace {

constexpr int reads_max = 3;  // Of an object whose bytes change on their way.
constexpr std::size_t page_keys_max = 1'000;

std::unexpected<Error> no_object(std::string_view key) {
    return fail(ErrorKind::not_found, "there is no such object, key={}", key);
}

/// Whether the bytes have the checksum that came with them. One of an object in parts is another
/// thing: it ends in "-" and their number.
bool is_whole(const HttpResponse& response) {
    const std::string_view checksum = response.header("x-amz-checksum-sha256");
    return checksum.empty() || checksum.contains('-') || checksum == checksum_of(response.body);
}

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::open(S3Options options, const Environment& environment,
                                               const Clock& clock,
                                               std::unique_ptr<Patience> patience) {
    TRY_LET(auto client,
            S3Client::open(std::move(options), environment, clock, std::move(patience)));
    std::unique_ptr<S3Store> store(new S3Store(std::move(client)));
    TRY(store->list_page("", std::nullopt, 1).with("cannot open store"));
    const Status swept = store->abort_leftovers();
    // Somebody who may only read has nothing to abort, and some servers cannot list uploads.
    if (!swept && swept.error().kind() != ErrorKind::denied &&
        swept.error().kind() != ErrorKind::unsupported) {
        return std::unexpected(swept.error());
    }
    return store;
}

Status S3Store::abort_leftovers() const {
    const std::string ours = client_->full_key("");
    TRY_LET(const S3Answer answer, client_->send({.query = {{"prefix", ours}, {"uploads", ""}}}));
    TRY_LET(const auto uploads, parse_uploads(answer.response));
    const Timestamp newest = client_->clock().now() - client_->options().leftover_age_min;
    for (const PendingUpload& upload : uploads) {
        if (upload.begun < newest && upload.key.starts_with(ours)) {
            TRY(client_->send({.method = "DELETE",
                               .key = upload.key.substr(ours.size()),
                               .query = {{"uploadId", upload.upload_id}}}));
        }
    }
    return {};
}

Result<VersionedBytes> S3Store::read(std::string_view key) const {
    TRY(check_key(key));
    const S3Request get{.key = std::string(key), .headers = {{"x-amz-checksum-mode", "ENABLED"}}};
    for (int reads = 0; reads < reads_max; ++reads) {
        TRY_LET(S3Answer answer, client_->send(get));
        if (!answer.response.is_success()) {
            return no_object(key);
        }
        if (is_whole(answer.response)) {
            return VersionedBytes{.bytes = std::move(answer.response.body),
                                  .version = {std::string(answer.response.header("etag"))}};
        }
    }
    return fail(ErrorKind::corrupt,
                "an object's bytes do not have the checksum that S3 keeps with them, key={}", key);
}

Result<std::vector<std::byte>> S3Store::read_range(std::string_view key, std::uint64_t offset,
                                                   std::uint64_t size) const {
    TRY(check_key(key));
    if (size == 0) {
        TRY(stat(key));
        return std::vector<std::byte>{};
    }
    constexpr std::uint64_t end_max = INT64_MAX;  // What servers count to.
    const std::uint64_t last = offset + std::min(size - 1, end_max - std::min(offset, end_max));
    TRY_LET(S3Answer answer,
            client_->send({.key = std::string(key),
                           .headers = {{"Range", fmt::format("bytes={}-{}", offset, last)}}}));
    if (answer.response.status == 416) {
        return std::vector<std::byte>{};
    }
    if (!answer.response.is_success()) {
        return no_object(key);
    }
    if (answer.response.status != 206) {
        return fail(ErrorKind::unsupported,
                    "the server gives whole objects where a part was asked for, key={}", key);
    }
    return std::move(answer.response.body);
}

Result<ObjectInfo> S3Store::stat(std::string_view key) const {
    TRY(check_key(key));
    TRY_LET(const S3Answer answer, client_->send({.method = "HEAD", .key = std::string(key)}));
    if (!answer.response.is_success()) {
        return no_object(key);
    }
    return ObjectInfo{.key = std::string(key),
                      .bytes = std::stoull(std::string(answer.response.header("content-length"))),
                      .modified = parse_http_date(answer.response.header("last-modified"))};
}

Result<std::unique_ptr<ByteSink>> S3Store::create(std::string key) {
    TRY(check_key(key));
    TRY_LET(std::string write_name, random_name());
    return std::make_unique<S3Sink>(*client_, std::move(key), std::move(write_name));
}

Result<Version> S3Store::replace(std::string_view key, const std::optional<Version>& expected,
                                 std::span<const std::byte> bytes) {
    TRY(check_key(key));
    return put_object(*client_, std::string(key), expected, bytes);
}

Status S3Store::remove(std::string_view key) {
    TRY(check_key(key));
    TRY(client_->send({.method = "DELETE", .key = std::string(key)}));
    return {};
}

Result<ListedPage> S3Store::list_page(std::string_view prefix,
                                      const std::optional<std::string>& from,
                                      std::size_t keys_max) const {
    S3Request get{.query = {{"list-type", "2"},
                            {"max-keys", std::to_string(keys_max)},
                            {"prefix", client_->full_key(prefix)}}};
    if (from) {
        get.query["continuation-token"] = *from;
    }
    TRY_LET(const S3Answer answer, client_->send(get));
    return parse_list(answer.response);
}

Result<std::vector<ObjectInfo>> S3Store::list(std::string_view prefix) const {
    const std::size_t ours = client_->full_key("").size();
    std::vector<ObjectInfo> objects;
    std::optional<std::string> from;
    do {
        TRY_LET(ListedPage page, list_page(prefix, from, page_keys_max));
        for (ObjectInfo& object : page.objects) {
            object.key.erase(0, ours);
            objects.push_back(std::move(object));
        }
        from = std::move(page.next);
    } while (from);
    std::ranges::sort(objects, {}, &ObjectInfo::key);
    return objects;
}

}  // namespace weir::store::aws
