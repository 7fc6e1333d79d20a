#include "store/aws/credential_endpoints.h"

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <pugixml.hpp>

#include "base/byte_text.h"

namespace weir::store::aws {
namespace {

using namespace std::chrono_literals;

constexpr auto machine_time_max = 1s;  // Where there is no such service, nothing answers at all.
constexpr auto endpoint_time_max = 10s;

std::optional<std::string> setting(const Environment& environment, const char* variable,
                                   const Profile& profile, const char* name) {
    if (auto value = environment(variable)) {
        return value;
    }
    const auto found = profile.find(name);
    return found == profile.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> read_token(const std::string& path) {
    std::ifstream file(path);
    const std::string token{std::istreambuf_iterator<char>(file), {}};
    if (!file || token.empty()) {
        return fail(ErrorKind::denied, "cannot read the token for AWS credentials, file={}", path);
    }
    return token.substr(0, token.find_last_not_of("\r\n") + 1);
}

Result<Credentials> credentials_from_xml(std::string_view text) {
    pugi::xml_document document;
    document.load_buffer(text.data(), text.size());
    const pugi::xml_node found = document.select_node("//Credentials").node();
    Credentials read{.access_key = found.child_value("AccessKeyId"),
                     .secret_key = found.child_value("SecretAccessKey"),
                     .session_token = found.child_value("SessionToken")};
    if (read.access_key.empty() || read.secret_key.empty()) {
        return fail(ErrorKind::corrupt, "an answer with AWS credentials lacks the keys");
    }
    TRY_LET(read.expires, parse_time(found.child_value("Expiration")));
    return read;
}

/// Fails unless the service gave something: AWS says why in a code that is safe to print.
Result<std::string> content_of(const Result<HttpResponse>& response, std::string_view service) {
    TRY_LET(const HttpResponse answer, response);
    if (!answer.is_success()) {
        return fail(answer.status >= 500 ? ErrorKind::unavailable : ErrorKind::denied,
                    "no AWS credentials from the {}: check the role and who may take it, status={}",
                    service, answer.status);
    }
    return std::string(as_text(answer.body));
}

std::string assume_role_form(const std::string& role, const std::string& session,
                             const std::string& token) {
    return fmt::format(
        "Action=AssumeRoleWithWebIdentity&RoleArn={}&RoleSessionName={}&Version=2011-06-15&"
        "WebIdentityToken={}",
        percent_encode(role), percent_encode(session), percent_encode(token));
}

/// A token goes over plain HTTP only to an address that no other machine has.
bool is_trusted(std::string_view url) {
    constexpr std::array hosts{"http://localhost",      "http://127.0.0.1",
                               "http://[::1]",          "http://169.254.170.2",
                               "http://169.254.170.23", "http://[fd00:ec2::23]"};
    if (url.starts_with("https://")) {
        return true;
    }
    for (const std::string_view host : hosts) {
        const std::string_view rest = url.starts_with(host) ? url.substr(host.size()) : "x";
        if (rest.empty() || rest.front() == ':' || rest.front() == '/') {
            return true;
        }
    }
    return false;
}

std::optional<std::string> container_url(const Environment& environment) {
    if (const auto path = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
        return "http://169.254.170.2" + *path;
    }
    return environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

Result<std::string> container_token(const Environment& environment) {
    if (const auto file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
        return read_token(*file);
    }
    return environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
}

Result<std::string> machine_answer(HttpClient& http, const std::string& url,
                                   const std::string& token) {
    return content_of(http.send({.url = url,
                                 .headers = {{"X-aws-ec2-metadata-token", token}},
                                 .past_proxy = true,
                                 .time_max = machine_time_max}),
                      "machine's metadata service");
}

}  // namespace

Result<std::optional<Credentials>> web_identity_credentials(const Environment& environment,
                                                            const Profile& profile,
                                                            const std::string& region,
                                                            HttpClient& http) {
    const auto file =
        setting(environment, "AWS_WEB_IDENTITY_TOKEN_FILE", profile, "web_identity_token_file");
    const auto role = setting(environment, "AWS_ROLE_ARN", profile, "role_arn");
    if (!file || !role) {
        return std::nullopt;
    }
    TRY_LET(const std::string token, read_token(*file));
    const auto session =
        setting(environment, "AWS_ROLE_SESSION_NAME", profile, "role_session_name");
    const std::string form = assume_role_form(*role, session.value_or("weir"), token);
    const std::string url = environment("AWS_ENDPOINT_URL_STS")
                                .value_or(fmt::format("https://sts.{}.amazonaws.com{}", region,
                                                      region.starts_with("cn-") ? ".cn" : ""));
    const auto answer =
        http.send({.method = "POST",
                   .url = url + "/",
                   .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                   .body = std::as_bytes(std::span(form)),
                   .time_max = endpoint_time_max});
    TRY_LET(const std::string content, content_of(answer, "security token service"));
    return credentials_from_xml(content);
}

Result<std::optional<Credentials>> container_credentials(const Environment& environment,
                                                         HttpClient& http) {
    const auto url = container_url(environment);
    if (!url) {
        return std::nullopt;
    }
    if (!is_trusted(*url)) {
        return fail(ErrorKind::invalid,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this "
                    "machine; correct it");
    }
    TRY_LET(const std::string token, container_token(environment));
    HttpRequest request{.url = *url, .past_proxy = true, .time_max = endpoint_time_max};
    if (!token.empty()) {
        request.headers.push_back({"Authorization", token});
    }
    TRY_LET(const std::string content, content_of(http.send(request), "container's endpoint"));
    return credentials_from_json(content);
}

Result<std::optional<Credentials>> machine_credentials(const Environment& environment,
                                                       HttpClient& http) {
    if (environment("AWS_EC2_METADATA_DISABLED") == "true") {
        return std::nullopt;
    }
    const std::string service =
        environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
    const auto token = http.send({.method = "PUT",
                                  .url = service + "/latest/api/token",
                                  .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                                  .past_proxy = true,
                                  .time_max = machine_time_max});
    if (!token || !token->is_success()) {
        return std::nullopt;
    }
    const std::string key(as_text(token->body));
    const std::string roles = service + "/latest/meta-data/iam/security-credentials/";
    TRY_LET(const std::string role, machine_answer(http, roles, key));
    TRY_LET(const std::string content,
            machine_answer(http, roles + role.substr(0, role.find('\n')), key));
    return credentials_from_json(content);
}

}  // namespace weir::store::aws
