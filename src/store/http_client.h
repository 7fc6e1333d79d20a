#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace weir::store {

struct HttpHeader {
    std::string name;
    std::string value;
};

/// Who signs a request to a service of AWS, by Signature Version 4. Never printed.
struct AwsSigner {
    std::string access_key;
    std::string secret_key;
    std::string session_token;  // Empty: the keys are for good.
    std::string region;
    std::string service;  // "s3", "kms", "sts".
};

/// One request. What a signature covers must be written strictly: the path and the values of the
/// query percent-encoded, the query sorted by name, every name with a `=`.
struct HttpRequest {
    std::string method = "GET";
    std::string url;
    std::vector<HttpHeader> headers = {};
    std::span<const std::byte> body = {};  // Its owner keeps it until the response is there.
    std::optional<AwsSigner> signer = std::nullopt;
    bool past_proxy = false;                // For an address of this machine.
    std::chrono::milliseconds time_max{0};  // For the whole exchange; zero: while bytes flow.
};

struct HttpResponse {
    int status = 0;
    std::vector<HttpHeader> headers;  // Names in lower case.
    std::vector<std::byte> body;

    bool is_success() const { return status >= 200 && status < 300; }
    /// Returns the value of a header, empty if there is none. `name` is in lower case.
    std::string_view header(std::string_view name) const;
};

struct HttpOptions {
    std::string ca_file = {};  // Certificates to trust instead of the system's.
    std::string proxy = {};    // Empty: what HTTPS_PROXY and NO_PROXY say. May hold a password.
    std::chrono::milliseconds connect_time_max{10'000};
    std::chrono::seconds silence_max{30};  // Without a byte in either direction.
};

/// Sends requests over connections that it keeps open. It follows no redirection and repeats
/// nothing. Any thread may call it.
class HttpClient {
public:
    explicit HttpClient(HttpOptions options);
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient();

    /// Returns the response, whatever its status. Fails with `unavailable` if the request did not
    /// get to the server, or changes nothing there (GET, HEAD); with `in_doubt` if it may have
    /// been done all the same; with `denied` if server or proxy cannot be trusted, or refuse.
    Result<HttpResponse> send(const HttpRequest& request);

private:
    class Connection;

    std::unique_ptr<Connection> take();
    void give_back(std::unique_ptr<Connection> connection);

    HttpOptions options_;
    std::mutex idle_mutex_;
    std::vector<std::unique_ptr<Connection>> idle_;  // Guarded by idle_mutex_.
};

/// Reads a date of a header (RFC 9110); the beginning of time if it is none.
Timestamp parse_http_date(std::string_view text);

/// Percent-encodes all but letters, digits and `-._~`.
std::string percent_encode(std::string_view text);

}  // namespace weir::store
