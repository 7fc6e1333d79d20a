#include "store/aws/credentials.h"

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

namespace weir::store::aws {

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr || *value == '\0' ? std::nullopt
                                                  : std::optional<std::string>(value);
    };
}

Result<Timestamp> parse_time(const std::string& text) {
    std::tm time{};
    if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time) == nullptr) {
        return fail(ErrorKind::corrupt, "cannot read a time of AWS, bytes={}", text.size());
    }
    return Timestamp(std::chrono::seconds(::timegm(&time)));
}

Result<Credentials> credentials_from_json(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto field = [&](const char* name) {
        return json.is_object() && json.contains(name) && json[name].is_string()
                   ? json[name].get<std::string>()
                   : std::string();
    };
    Credentials read{.access_key = field("AccessKeyId"),
                     .secret_key = field("SecretAccessKey"),
                     .session_token = field("Token")};
    if (read.access_key.empty() || read.secret_key.empty()) {
        return fail(ErrorKind::corrupt, "an answer with AWS credentials lacks the keys");
    }
    if (const std::string expires = field("Expiration"); !expires.empty()) {
        TRY_LET(read.expires, parse_time(expires));
    }
    return read;
}

}  // namespace weir::store::aws
