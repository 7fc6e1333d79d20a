#include "store/aws/s3_reply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <pugixml.hpp>
#include <sstream>

#include "base/byte_text.h"
#include "store/aws/credentials.h"

namespace weir::store::aws {
namespace {

using Next = S3Verdict::Next;

/// What to make of one of S3's codes.
struct Advice {
    std::string_view code;
    Next next;
    ErrorKind kind;
    std::string_view remedy;
};

constexpr std::string_view renew_remedy = "the credentials have expired: renew them";
constexpr std::string_view region_remedy = "the bucket is in another region: set s3.region";
constexpr std::string_view key_remedy = "check access key, secret and region";
constexpr std::string_view rights_remedy = "give this identity the rights of docs/s3.md";
constexpr std::string_view bucket_remedy = "make the bucket, or correct `store`";
constexpr std::string_view kms_remedy = "check s3.kms_key, and that this identity may use it";
constexpr std::string_view clock_remedy = "set this machine's clock: it differs from the server's";
constexpr std::string_view wait_remedy = "it is tried again later";

constexpr std::array advices{
    Advice{"ExpiredToken", Next::renew, ErrorKind::denied, renew_remedy},
    Advice{"ExpiredTokenException", Next::renew, ErrorKind::denied, renew_remedy},
    Advice{"TokenRefreshRequired", Next::renew, ErrorKind::denied, renew_remedy},
    Advice{"InvalidToken", Next::renew, ErrorKind::denied, renew_remedy},
    Advice{"AccessDenied", Next::give_up, ErrorKind::denied, rights_remedy},
    Advice{"InvalidAccessKeyId", Next::give_up, ErrorKind::denied, key_remedy},
    Advice{"SignatureDoesNotMatch", Next::give_up, ErrorKind::denied, key_remedy},
    Advice{"RequestTimeTooSkewed", Next::give_up, ErrorKind::denied, clock_remedy},
    Advice{"RequestExpired", Next::give_up, ErrorKind::denied, clock_remedy},
    Advice{"NoSuchBucket", Next::give_up, ErrorKind::invalid, bucket_remedy},
    Advice{"InvalidBucketName", Next::give_up, ErrorKind::invalid, bucket_remedy},
    Advice{"PermanentRedirect", Next::give_up, ErrorKind::invalid, region_remedy},
    Advice{"TemporaryRedirect", Next::give_up, ErrorKind::invalid, region_remedy},
    Advice{"AuthorizationHeaderMalformed", Next::give_up, ErrorKind::invalid, region_remedy},
    Advice{"IllegalLocationConstraintException", Next::give_up, ErrorKind::invalid, region_remedy},
    Advice{"kms:KeyNotFound", Next::give_up, ErrorKind::invalid, kms_remedy},
    Advice{"KMS.NotFoundException", Next::give_up, ErrorKind::invalid, kms_remedy},
    Advice{"KMS.DisabledException", Next::give_up, ErrorKind::invalid, kms_remedy},
    Advice{"KMS.KMSInvalidStateException", Next::give_up, ErrorKind::invalid, kms_remedy},
    Advice{"SlowDown", Next::again, ErrorKind::unavailable, wait_remedy},
    Advice{"RequestTimeout", Next::again, ErrorKind::unavailable, wait_remedy},
    Advice{"ConditionalRequestConflict", Next::again, ErrorKind::unavailable, wait_remedy},
    Advice{"OperationAborted", Next::again, ErrorKind::unavailable, wait_remedy},
    Advice{"BadDigest", Next::again, ErrorKind::unavailable, "the bytes were changed on their way"},
    Advice{"XAmzContentSHA256Mismatch", Next::again, ErrorKind::unavailable,
           "the bytes were changed on their way"},
};

constexpr Advice silent_redirect{"", Next::give_up, ErrorKind::invalid, region_remedy};
constexpr Advice silent_denial{"", Next::give_up, ErrorKind::denied, rights_remedy};
constexpr Advice missing_feature{"", Next::give_up, ErrorKind::unsupported,
                                 "this server lacks what weir needs: docs/s3.md"};
constexpr Advice server_trouble{"", Next::again, ErrorKind::unavailable, wait_remedy};
constexpr Advice other_refusal{"", Next::give_up, ErrorKind::invalid,
                               "look at the settings under `s3`, and up the code"};

const Advice& advice_on(int status, std::string_view code) {
    for (const Advice& advice : advices) {
        if (advice.code == code) {
            return advice;
        }
    }
    switch (status) {
        case 301:
        case 307: return silent_redirect;
        case 401:
        case 403: return silent_denial;
        case 429: return server_trouble;
        case 501: return missing_feature;
        default: return status >= 500 ? server_trouble : other_refusal;
    }
}

bool is_for_the_caller(int status, std::string_view code) {
    constexpr std::array asked_about{404, 412, 416};
    return (status >= 200 && status < 300) ||
           (std::ranges::find(asked_about, status) != asked_about.end() && code != "NoSuchBucket" &&
            !code.starts_with("kms") && !code.starts_with("KMS"));
}

std::chrono::milliseconds asked_pause(const HttpResponse& response) {
    const std::string_view text = response.header("retry-after");
    constexpr int longest = 60;
    int seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(std::clamp(seconds, 0, longest));
}

Result<pugi::xml_document> parse_xml(const HttpResponse& response, const char* root) {
    pugi::xml_document document;
    document.load_buffer(response.body.data(), response.body.size());
    if (!document.child(root)) {
        return fail(ErrorKind::corrupt,
                    "S3 gave an answer that is not of its kind; is `s3.endpoint` a server of S3?, "
                    "wanted={}",
                    root);
    }
    return document;
}

}  // namespace

std::string error_code(const HttpResponse& response) {
    pugi::xml_document document;
    if (response.body.empty() || !as_text(response.body).contains("<Error")) {
        return {};
    }
    document.load_buffer(response.body.data(), response.body.size());
    return document.child("Error").child_value("Code");
}

S3Verdict judge(const HttpResponse& response) {
    const std::string code = error_code(response);
    if (is_for_the_caller(response.status, code)) {
        return {};
    }
    return {.next = advice_on(response.status, code).next,
            .may_be_done = response.status >= 500 && code != "SlowDown",
            .asked = asked_pause(response),
            .code = code};
}

Error refusal(const HttpResponse& response, const S3Verdict& verdict) {
    const Advice& advice = advice_on(response.status, verdict.code);
    const std::string_view region = response.header("x-amz-bucket-region");
    return {advice.kind, fmt::format("S3 answered {}{}{}; {}{}{}, request={}", response.status,
                                     verdict.code.empty() ? "" : " ", verdict.code, advice.remedy,
                                     region.empty() ? "" : ", bucket's region=", region,
                                     response.header("x-amz-request-id"))};
}

Result<ListedPage> parse_list(const HttpResponse& response) {
    TRY_LET(const pugi::xml_document document, parse_xml(response, "ListBucketResult"));
    const pugi::xml_node root = document.child("ListBucketResult");
    ListedPage page;
    for (const pugi::xml_node object : root.children("Contents")) {
        TRY_LET(const Timestamp modified, parse_time(object.child_value("LastModified")));
        page.objects.push_back({.key = object.child_value("Key"),
                                .bytes = object.child("Size").text().as_ullong(),
                                .modified = modified});
    }
    if (root.child("IsTruncated").text().as_bool()) {
        page.next = root.child_value("NextContinuationToken");
    }
    return page;
}

Result<std::vector<PendingUpload>> parse_uploads(const HttpResponse& response) {
    TRY_LET(const pugi::xml_document document, parse_xml(response, "ListMultipartUploadsResult"));
    std::vector<PendingUpload> uploads;
    for (const pugi::xml_node upload :
         document.child("ListMultipartUploadsResult").children("Upload")) {
        TRY_LET(const Timestamp begun, parse_time(upload.child_value("Initiated")));
        uploads.push_back({.key = upload.child_value("Key"),
                           .upload_id = upload.child_value("UploadId"),
                           .begun = begun});
    }
    return uploads;
}

Result<std::string> parse_upload_id(const HttpResponse& response) {
    TRY_LET(const pugi::xml_document document,
            parse_xml(response, "InitiateMultipartUploadResult"));
    return document.child("InitiateMultipartUploadResult").child_value("UploadId");
}

std::string complete_request(const std::vector<UploadedPart>& parts) {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("CompleteMultipartUpload");
    unsigned number = 0;
    for (const UploadedPart& part : parts) {
        pugi::xml_node node = root.append_child("Part");
        node.append_child("ChecksumSHA256").text().set(part.checksum.c_str());
        node.append_child("ETag").text().set(part.etag.c_str());
        node.append_child("PartNumber").text().set(++number);
    }
    std::ostringstream text;
    document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
    return text.str();
}

}  // namespace weir::store::aws
