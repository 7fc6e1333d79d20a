#include "store/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "base/ascii_text.h"
#include "base/clock.h"
#include "store/aws/signature.h"

namespace weir::store {
namespace {

constexpr std::size_t idle_max = 16;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append(HeaderList& list, const std::string& line) {
    if (list) {
        curl_slist_append(list.get(), line.c_str());
    } else {
        list.reset(curl_slist_append(nullptr, line.c_str()));
    }
}

/// The headers as curl takes them. It could sign by itself, but sorts some headers wrongly.
HeaderList header_list(const HttpRequest& request) {
    std::vector<HttpHeader> headers = request.headers;
    if (request.signer) {
        // The server judges the time, so it is the machine's and no other.
        const auto signature = aws::signature_headers(request, SystemClock().now());
        headers.insert(headers.end(), signature.begin(), signature.end());
    }
    HeaderList list;
    for (const HttpHeader& header : headers) {
        append(list, header.name + ": " + header.value);
    }
    return list;
}

/// A request on its way, as curl's callbacks see it.
struct Exchange {
    std::span<const std::byte> unsent;
    HttpResponse response;
};

std::size_t send_body(char* buffer, std::size_t size, std::size_t count, void* context) {
    auto& unsent = static_cast<Exchange*>(context)->unsent;
    const std::size_t bytes = std::min(size * count, unsent.size());
    if (bytes > 0) {
        std::memcpy(buffer, unsent.data(), bytes);
        unsent = unsent.subspan(bytes);
    }
    return bytes;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
    const auto bytes = std::as_bytes(std::span(data, size * count));
    auto& body = static_cast<Exchange*>(context)->response.body;
    body.insert(body.end(), bytes.begin(), bytes.end());
    return bytes.size();
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) {
    const std::string_view line(data, size * count);
    auto& headers = static_cast<Exchange*>(context)->response.headers;
    if (line.starts_with("HTTP/")) {
        headers.clear();  // Those before it were of a proxy, or of `100 Continue`.
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        headers.push_back(
            {lower_case(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
    }
    return line.size();
}

/// Scheme, host and port: a path may name an object, and a query may hold more.
std::string_view origin_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    return url.substr(0, url.find('/', begin));
}

bool changes_nothing(std::string_view method) {
    return method == "GET" || method == "HEAD";
}

/// Whether the request cannot have been understood by the server: there was no connection.
bool never_arrived(CURLcode code) {
    constexpr std::array before{CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
                                CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PROXY};
    return std::ranges::find(before, code) != before.end();
}

bool is_distrust(CURLcode code) {
    constexpr std::array distrust{CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                                  CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM};
    return std::ranges::find(distrust, code) != distrust.end();
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &HttpHeader::name);
    return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

/// A handle of curl with the connections that it keeps. One thread at a time.
class HttpClient::Connection {
public:
    Result<HttpResponse> send(const HttpRequest& request, const HttpOptions& options);

private:
    struct Free {
        void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    };

    template <typename Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(curl_.get(), option, value);
    }
    void set_limits(const HttpRequest& request, const HttpOptions& options);
    void set_trust(const HttpRequest& request, const HttpOptions& options);
    void set_exchange(const HttpRequest& request, Exchange& exchange);
    std::unexpected<Error> failure(CURLcode code, const HttpRequest& request) const;

    std::unique_ptr<CURL, Free> curl_{curl_easy_init()};
};

void HttpClient::Connection::set_limits(const HttpRequest& request, const HttpOptions& options) {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_time_max.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.silence_max.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.time_max.count()));
}

void HttpClient::Connection::set_trust(const HttpRequest& request, const HttpOptions& options) {
    if (!options.ca_file.empty()) {
        set(CURLOPT_CAINFO, options.ca_file.c_str());
    }
    if (request.past_proxy) {
        set(CURLOPT_PROXY, "");
    } else if (!options.proxy.empty()) {
        set(CURLOPT_PROXY, options.proxy.c_str());
    }
}

void HttpClient::Connection::set_exchange(const HttpRequest& request, Exchange& exchange) {
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_WRITEFUNCTION, take_body);
    set(CURLOPT_WRITEDATA, &exchange);
    set(CURLOPT_HEADERFUNCTION, take_header);
    set(CURLOPT_HEADERDATA, &exchange);
    if (request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
        return;
    }
    if (request.method != "GET" && request.method != "DELETE") {
        set(CURLOPT_UPLOAD, 1L);
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        // It cannot be rewound: curl would send it again by itself, and we would not know.
        set(CURLOPT_READFUNCTION, send_body);
        set(CURLOPT_READDATA, &exchange);
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

std::unexpected<Error> HttpClient::Connection::failure(CURLcode code,
                                                       const HttpRequest& request) const {
    const std::string_view server = origin_of(request.url);
    long proxy_status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (is_distrust(code)) {
        return fail(ErrorKind::denied,
                    "cannot trust the server: {}; name the file of its certificate authority, "
                    "server={}",
                    curl_easy_strerror(code), server);
    }
    if (proxy_status >= 400) {
        return fail(proxy_status < 500 ? ErrorKind::denied : ErrorKind::unavailable,
                    "the proxy does not let the request through; check the proxy's address, user "
                    "and rules, status={}, server={}",
                    proxy_status, server);
    }
    const bool arrived = !never_arrived(code) && !changes_nothing(request.method);
    return fail(arrived ? ErrorKind::in_doubt : ErrorKind::unavailable,
                "no answer from the server: {}; check its address and the network, server={}",
                curl_easy_strerror(code), server);
}

Result<HttpResponse> HttpClient::Connection::send(const HttpRequest& request,
                                                  const HttpOptions& options) {
    curl_easy_reset(curl_.get());  // Connections stay.
    Exchange exchange{.unsent = request.body, .response = {}};
    const HeaderList headers = header_list(request);
    set_limits(request, options);
    set_trust(request, options);
    set_exchange(request, exchange);
    set(CURLOPT_HTTPHEADER, headers.get());
    if (const CURLcode code = curl_easy_perform(curl_.get()); code != CURLE_OK) {
        return failure(code, request);
    }
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    return std::move(exchange.response);
}

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);  // Once, for threads.
    static_cast<void>(started);
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::take() {
    const std::lock_guard lock(idle_mutex_);
    if (idle_.empty()) {
        return std::make_unique<Connection>();
    }
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void HttpClient::give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(idle_mutex_);
    if (idle_.size() < idle_max) {
        idle_.push_back(std::move(connection));
    }
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
    std::unique_ptr<Connection> connection = take();
    auto response = connection->send(request, options_);
    give_back(std::move(connection));
    return response;
}

Timestamp parse_http_date(std::string_view text) {
    const std::time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
    return seconds < 0 ? Timestamp() : Timestamp(std::chrono::seconds(seconds));
}

std::string percent_encode(std::string_view text) {
    struct Free {
        void operator()(char* escaped) const { curl_free(escaped); }
    };
    if (text.empty()) {
        return {};  // To curl, a length of zero means: look for the end.
    }
    const std::unique_ptr<char, Free> escaped(
        curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())));
    return escaped ? escaped.get() : "";
}

}  // namespace weir::store
