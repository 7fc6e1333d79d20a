#include "store/aws/s3_sink.h"

#include <algorithm>

#include "store/aws/s3_write.h"

namespace weir::store::aws {
namespace {

constexpr std::size_t parts_max = 10'000;  // What S3 takes.

std::unexpected<Error> taken(std::string_view key) {
    return fail(ErrorKind::already_exists, "cannot create object: it exists by now, key={}", key);
}

}  // namespace

S3Sink::~S3Sink() {
    if (!upload_id_.empty()) {
        S3Request abort = request("DELETE");
        abort.query = {{"uploadId", upload_id_}};
        abort.once = true;  // Whoever opens the store later aborts what is left.
        static_cast<void>(client_.send(abort));
    }
}

S3Request S3Sink::request(std::string method) const {
    return {.method = std::move(method), .key = key_};
}

Status S3Sink::write(std::span<const std::byte> bytes) {
    const std::size_t part_bytes = client_.options().part_bytes;
    while (!bytes.empty()) {
        if (part_.size() == part_bytes) {
            TRY(upload_part());
        }
        const std::size_t count = std::min(bytes.size(), part_bytes - part_.size());
        part_.insert(part_.end(), bytes.begin(),
                     bytes.begin() + static_cast<std::ptrdiff_t>(count));
        bytes = bytes.subspan(count);
    }
    return {};
}

Status S3Sink::begin_upload() {
    S3Request begin = request("POST");
    begin.query = {{"uploads", ""}};
    begin.headers = object_headers(client_.options(), write_name_);
    begin.headers.push_back({"x-amz-checksum-algorithm", "SHA256"});
    TRY_LET(const S3Answer answer, client_.send(begin));
    TRY_LET(upload_id_, parse_upload_id(answer.response));
    return {};
}

Status S3Sink::upload_part() {
    if (parts_.size() == parts_max) {
        return fail(
            ErrorKind::invalid,
            "cannot write object: it is longer than 10,000 parts; make cuts smaller, key={}", key_);
    }
    if (upload_id_.empty()) {
        TRY(begin_upload());
    }
    S3Request put = request("PUT");
    put.query = {{"partNumber", std::to_string(parts_.size() + 1)}, {"uploadId", upload_id_}};
    put.headers = {{"x-amz-checksum-sha256", checksum_of(part_)}};
    put.body = part_;
    TRY_LET(const S3Answer answer, client_.send(put));
    if (!answer.response.is_success()) {
        return fail(ErrorKind::unavailable, "cannot write object: its upload is gone, key={}",
                    key_);
    }
    parts_.push_back({.etag = std::string(answer.response.header("etag")),
                      .checksum = put.headers.front().value});
    part_.clear();
    return {};
}

Status S3Sink::finish() {
    if (!upload_id_.empty()) {
        TRY(upload_part());
        return complete();
    }
    const auto written = put_object(client_, key_, std::nullopt, part_);
    if (!written && written.error().kind() == ErrorKind::conflict) {
        return taken(key_);
    }
    TRY(written);
    return {};
}

Status S3Sink::complete() {
    const std::string body = complete_request(parts_);
    S3Request post = request("POST");
    post.query = {{"uploadId", upload_id_}};
    post.headers = {{"Content-Type", "application/xml"}, condition(std::nullopt)};
    post.body = std::as_bytes(std::span(body));
    const auto answer = client_.send(post);
    if (!answer && answer.error().kind() != ErrorKind::in_doubt) {
        return std::unexpected(answer.error());
    }
    // A success may have an error in its body: it was promised before it was done.
    if (answer && answer->response.is_success() && error_code(answer->response).empty()) {
        upload_id_.clear();
        return {};
    }
    return settle(!answer || answer->response.is_success() || answer->tried_before);
}

Status S3Sink::settle(bool may_be_done) {
    const auto owner = owner_of(client_, key_, write_name_);
    if (owner && owner->ours) {
        upload_id_.clear();
        return {};
    }
    if (owner && owner->exists) {
        return taken(key_);
    }
    return fail(may_be_done ? ErrorKind::in_doubt : ErrorKind::unavailable,
                "cannot create object: nobody says whether its parts were put together, key={}",
                key_);
}

}  // namespace weir::store::aws
