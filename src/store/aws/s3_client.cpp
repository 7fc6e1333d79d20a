#include "store/aws/s3_client.h"

namespace weir::store::aws {

/// How far the tries of one call have come.
struct S3Client::Try {
    std::chrono::steady_clock::time_point started;
    std::uint32_t number = 0;
    bool may_be_done = false;
    bool renewed = false;
    std::chrono::milliseconds asked{0};
    Error last{ErrorKind::internal, ""};
};

Result<std::unique_ptr<S3Client>> S3Client::open(S3Options options, const Environment& environment,
                                                 const Clock& clock,
                                                 std::unique_ptr<Patience> patience) {
    if (options.region.empty()) {
        TRY_LET(options.region, configured_region(environment));
    }
    if (options.region.empty()) {
        options.region = "us-east-1";
    }
    if (options.endpoint.empty()) {
        options.endpoint = environment("AWS_ENDPOINT_URL_S3")
                               .value_or(environment("AWS_ENDPOINT_URL").value_or(""));
    }
    if (options.http.ca_file.empty()) {
        options.http.ca_file = environment("AWS_CA_BUNDLE").value_or("");
    }
    return std::unique_ptr<S3Client>(
        new S3Client(std::move(options), environment, clock, std::move(patience)));
}

S3Client::S3Client(S3Options options, const Environment& environment, const Clock& clock,
                   std::unique_ptr<Patience> patience)
    : options_(std::move(options)),
      address_(options_),
      clock_(clock),
      patience_(std::move(patience)),
      http_(options_.http),
      credentials_(environment, options_.region, http_, clock) {}

std::string S3Client::full_key(std::string_view key) const {
    return options_.prefix.empty() ? std::string(key) : fmt::format("{}/{}", options_.prefix, key);
}

Result<HttpResponse> S3Client::send_once(const S3Request& request) {
    TRY_LET(const Credentials credentials, credentials_.get());
    const HttpRequest signed_request{
        .method = request.method,
        .url = address_.url(request.key.empty() ? "" : full_key(request.key), request.query),
        .headers = request.headers,
        .body = request.body,
        .signer = AwsSigner{.access_key = credentials.access_key,
                            .secret_key = credentials.secret_key,
                            .session_token = credentials.session_token,
                            .region = options_.region,
                            .service = "s3"}};
    return http_.send(signed_request);
}

Error S3Client::end(Error error, const S3Request& request, const Try& state) const {
    const bool writes = request.method != "GET" && request.method != "HEAD";
    if (writes && state.may_be_done) {
        error = Error(ErrorKind::in_doubt, error.message());
    }
    return std::move(error).with(
        fmt::format("{} s3://{}/{}", request.method, options_.bucket, full_key(request.key)));
}

Result<std::optional<S3Answer>> S3Client::try_once(const S3Request& request, Try& state) {
    auto response = send_once(request);
    if (!response) {
        state.last = response.error();
        state.asked = {};
        state.may_be_done = state.may_be_done || state.last.kind() == ErrorKind::in_doubt;
        if (state.last.kind() == ErrorKind::in_doubt ||
            state.last.kind() == ErrorKind::unavailable) {
            return std::nullopt;
        }
        return std::unexpected(end(state.last, request, state));
    }
    const S3Verdict verdict = judge(*response);
    if (verdict.next == S3Verdict::Next::take) {
        return S3Answer{.response = *std::move(response), .tried_before = state.may_be_done};
    }
    state.last = refusal(*response, verdict);
    state.asked = verdict.asked;
    state.may_be_done = state.may_be_done || verdict.may_be_done;
    const bool renews = verdict.next == S3Verdict::Next::renew && !state.renewed;
    if (renews) {
        credentials_.forget();
        state.renewed = true;
    }
    if (!renews && verdict.next != S3Verdict::Next::again) {
        return std::unexpected(end(state.last, request, state));
    }
    return std::nullopt;
}

Result<S3Answer> S3Client::send(const S3Request& request) {
    Try state{.started = clock_.steady_now()};
    while (true) {
        TRY_LET(auto answer, try_once(request, state));
        if (answer) {
            return *std::move(answer);
        }
        const auto pause =
            options_.retry.pause_before(++state.number, patience_->chance(), state.asked);
        if (request.once || clock_.steady_now() + pause - state.started > options_.retry.time_max) {
            return std::unexpected(end(state.last, request, state));
        }
        patience_->pause(pause);
    }
}

}  // namespace weir::store::aws
