#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/http_client.h"
#include "store/object_store.h"

namespace weir::store::aws {

/// What the answer to a request means for whoever sent it.
struct S3Verdict {
    enum class Next {
        take,     // It is the answer: success, or what the caller asks about (404, 412, 416).
        again,    // The same request may succeed later.
        renew,    // With new credentials, perhaps.
        give_up,  // Somebody has to do something first.
    };

    Next next = Next::take;
    bool may_be_done = false;            // A write may have been done all the same.
    std::chrono::milliseconds asked{0};  // How long the server wants us to wait.
    std::string code = {};               // S3's name for what is wrong; empty if it gave none.
};

S3Verdict judge(const HttpResponse& response);

/// Makes the error of an answer that is none: what is wrong, and the remedy. It names neither rows
/// nor secrets: the server's own text is left out.
Error refusal(const HttpResponse& response, const S3Verdict& verdict);

/// Returns S3's code in an answer's body: of an error, and of a success that is none.
std::string error_code(const HttpResponse& response);

struct ListedPage {
    std::vector<ObjectInfo> objects;
    std::optional<std::string> next;  // Where the next page begins.
};
/// Reads the answer to ListObjectsV2. Fails with `corrupt`.
Result<ListedPage> parse_list(const HttpResponse& response);

struct PendingUpload {
    std::string key;
    std::string upload_id;
    Timestamp begun;
};
/// Reads the first thousand uploads of an answer to ListMultipartUploads. Fails with `corrupt`.
Result<std::vector<PendingUpload>> parse_uploads(const HttpResponse& response);

/// Reads the answer to CreateMultipartUpload. Fails with `corrupt`.
Result<std::string> parse_upload_id(const HttpResponse& response);

struct UploadedPart {
    std::string etag;
    std::string checksum;
};
/// Writes the request of CompleteMultipartUpload.
std::string complete_request(const std::vector<UploadedPart>& parts);

}  // namespace weir::store::aws
