#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/aws/credential_chain.h"
#include "store/aws/s3_address.h"
#include "store/aws/s3_options.h"
#include "store/aws/s3_reply.h"
#include "store/http_client.h"
#include "store/patience.h"

namespace weir::store::aws {

struct S3Request {
    std::string method = "GET";
    std::string key = {};  // Below the prefix; empty: the bucket.
    std::map<std::string, std::string> query = {};
    std::vector<HttpHeader> headers = {};
    std::span<const std::byte> body = {};  // Its owner keeps it until the answer is there.
    bool once = false;                     // It is not worth a second try.
};

/// An answer: a success, or a status that the caller asks about: 404, 412, 416.
struct S3Answer {
    HttpResponse response;
    bool tried_before = false;  // An earlier try may have been done, and its answer was lost.
};

/// Sends requests to one bucket: signed, and again while that may help. Any thread may call it.
class S3Client {
public:
    /// `clock` outlives it.
    static Result<std::unique_ptr<S3Client>> open(S3Options options, const Environment& environment,
                                                  const Clock& clock,
                                                  std::unique_ptr<Patience> patience);

    const S3Options& options() const { return options_; }
    const Clock& clock() const { return clock_; }
    /// Returns what a key of the store is called in the bucket.
    std::string full_key(std::string_view key) const;

    /// Fails with `in_doubt` if the request may have been done, `unavailable` if it was not and
    /// may be later, and else with what must be mended.
    Result<S3Answer> send(const S3Request& request);

private:
    struct Try;

    S3Client(S3Options options, const Environment& environment, const Clock& clock,
             std::unique_ptr<Patience> patience);
    Result<HttpResponse> send_once(const S3Request& request);
    /// Does one try. Returns no value if there is to be another.
    Result<std::optional<S3Answer>> try_once(const S3Request& request, Try& state);
    Error end(Error error, const S3Request& request, const Try& state) const;

    S3Options options_;
    S3Address address_;
    const Clock& clock_;
    std::unique_ptr<Patience> patience_;
    HttpClient http_;
    CredentialChain credentials_;
};

}  // namespace weir::store::aws
