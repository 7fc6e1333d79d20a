#include "store/aws/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "base/ascii_text.h"
#include "base/assert.h"
#include "base/byte_text.h"
#include "base/openssl_bytes.h"
#include "base/sha256.h"

namespace weir::store::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

Digest keyed_hash(std::string_view key, std::string_view text) {
    Digest digest{};
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_openssl(text.data()),
         text.size(), as_openssl(digest.data()), nullptr);
    return digest;
}

/// "20260131T235959Z".
std::string time_text(Timestamp now) {
    const std::time_t seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// The parts of a URL that a signature has.
struct SignedUrl {
    std::string host;  // As an HTTP client writes it: without the scheme's own port.
    std::string path;
    std::string query;
};

SignedUrl parts_of(std::string_view url) {
    const bool is_https = url.starts_with("https:");
    url.remove_prefix(url.find("://") + 3);
    const std::size_t path = std::min(url.find('/'), url.size());
    const std::size_t query = std::min(url.find('?', path), url.size());
    std::string_view host = url.substr(0, path);
    if (const std::string_view port = is_https ? ":443" : ":80"; host.ends_with(port)) {
        host.remove_suffix(port.size());
    }
    return {.host = std::string(host),
            .path = path == query ? "/" : std::string(url.substr(path, query - path)),
            .query = query == url.size() ? "" : std::string(url.substr(query + 1))};
}

/// What is signed of a request. Sorted by name alone: libcurl sorts names with their values, so
/// that `x-amz-server-side-encryption` comes behind the longer name of its key.
struct CanonicalHeaders {
    std::string lines;
    std::string names;
};

CanonicalHeaders canonical_headers(const std::vector<HttpHeader>& headers) {
    std::map<std::string, std::string> sorted;
    for (const HttpHeader& header : headers) {
        sorted[lower_case(header.name)] = header.value;
    }
    CanonicalHeaders canonical;
    for (const auto& [name, value] : sorted) {
        canonical.lines += fmt::format("{}:{}\n", name, value);
        canonical.names += (canonical.names.empty() ? "" : ";") + name;
    }
    return canonical;
}

std::string signing_key(const AwsSigner& signer, std::string_view date) {
    std::string key = "AWS4" + signer.secret_key;
    for (const std::string_view part :
         {date, std::string_view(signer.region), std::string_view(signer.service),
          std::string_view("aws4_request")}) {
        key = as_text(keyed_hash(key, part));
    }
    return key;
}

/// Where and when a signature is good.
struct Scope {
    std::string time;
    std::string text;
};

Scope scope_of(const AwsSigner& signer, Timestamp now) {
    const std::string time = time_text(now);
    return {.time = time,
            .text = fmt::format("{}/{}/{}/aws4_request", time.substr(0, 8), signer.region,
                                signer.service)};
}

std::string authorization(const HttpRequest& request, const std::vector<HttpHeader>& signed_headers,
                          const std::string& body_hash, const Scope& scope) {
    const SignedUrl url = parts_of(request.url);
    std::vector<HttpHeader> all = request.headers;
    all.insert(all.end(), signed_headers.begin(), signed_headers.end());
    all.push_back({"host", url.host});
    const CanonicalHeaders headers = canonical_headers(all);
    const std::string canonical = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, url.path,
                                              url.query, headers.lines, headers.names, body_hash);
    const std::string text =
        fmt::format("{}\n{}\n{}\n{}", algorithm, scope.time, scope.text, to_hex(sha256(canonical)));
    const std::string key = signing_key(*request.signer, scope.time.substr(0, 8));
    return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm,
                       request.signer->access_key, scope.text, headers.names,
                       to_hex(keyed_hash(key, text)));
}

}  // namespace

std::vector<HttpHeader> signature_headers(const HttpRequest& request, Timestamp now) {
    WEIR_ASSERT(request.signer.has_value());
    const Scope scope = scope_of(*request.signer, now);
    const std::string body_hash = to_hex(sha256(request.body));
    std::vector<HttpHeader> headers{{"x-amz-content-sha256", body_hash},
                                    {"x-amz-date", scope.time}};
    if (!request.signer->session_token.empty()) {
        headers.push_back({"x-amz-security-token", request.signer->session_token});
    }
    headers.push_back({"Authorization", authorization(request, headers, body_hash, scope)});
    return headers;
}

}  // namespace weir::store::aws
