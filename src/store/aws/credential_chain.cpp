#include "store/aws/credential_chain.h"

#include "store/aws/credential_endpoints.h"
#include "store/aws/profile.h"

namespace weir::store::aws {
namespace {

constexpr std::chrono::minutes refresh_before{5};

std::optional<Credentials> environment_credentials(const Environment& environment) {
    const auto access_key = environment("AWS_ACCESS_KEY_ID");
    const auto secret_key = environment("AWS_SECRET_ACCESS_KEY");
    if (!access_key || !secret_key) {
        return std::nullopt;
    }
    return Credentials{.access_key = *access_key,
                       .secret_key = *secret_key,
                       .session_token = environment("AWS_SESSION_TOKEN").value_or("")};
}

/// Fails with `unsupported` on a profile whose keys another program would have to fetch.
Result<std::optional<Credentials>> profile_credentials(const Profile& profile) {
    const auto field = [&](const char* name) {
        const auto found = profile.find(name);
        return found == profile.end() ? std::string() : found->second;
    };
    Credentials read{.access_key = field("aws_access_key_id"),
                     .secret_key = field("aws_secret_access_key"),
                     .session_token = field("aws_session_token")};
    if (!profile.contains("role_arn") && !read.access_key.empty() && !read.secret_key.empty()) {
        return read;
    }
    for (const char* name : {"role_arn", "credential_process", "sso_session", "sso_start_url"}) {
        if (profile.contains(name)) {
            return fail(ErrorKind::unsupported,
                        "the AWS profile gets its keys by `{}`, which weir does not do; export "
                        "them: eval \"$(aws configure export-credentials --format env)\"",
                        name);
        }
    }
    return std::nullopt;
}

}  // namespace

Result<std::optional<Credentials>> CredentialChain::find_by_http() const {
    TRY_LET(auto of_container, container_credentials(environment_, http_));
    if (of_container) {
        return of_container;
    }
    return machine_credentials(environment_, http_);
}

Result<Credentials> CredentialChain::find() const {
    if (auto found = environment_credentials(environment_)) {
        return *std::move(found);
    }
    TRY_LET(const Profile profile, read_profile(environment_));
    TRY_LET(auto by_identity, web_identity_credentials(environment_, profile, region_, http_));
    if (by_identity) {
        return *std::move(by_identity);
    }
    TRY_LET(auto by_profile, profile_credentials(profile));
    if (by_profile) {
        return *std::move(by_profile);
    }
    TRY_LET(auto by_http, find_by_http());
    if (by_http) {
        return *std::move(by_http);
    }
    return fail(ErrorKind::denied,
                "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                "AWS_PROFILE, or run where a role is given (looked at: environment, web identity, "
                "profile files, container, machine)");
}

bool CredentialChain::is_fresh() const {
    return kept_ && (!kept_->expires || clock_.now() + refresh_before < *kept_->expires);
}

Result<Credentials> CredentialChain::get() {
    const std::lock_guard lock(mutex_);
    if (is_fresh()) {
        return *kept_;
    }
    auto found = find();
    if (found) {
        kept_ = *found;
    } else if (kept_ && kept_->expires && clock_.now() < *kept_->expires) {
        return *kept_;  // They are still good; it is tried again at the next call.
    }
    return found;
}

void CredentialChain::forget() {
    const std::lock_guard lock(mutex_);
    kept_.reset();
}

Result<std::string> configured_region(const Environment& environment) {
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
        if (const auto region = environment(name)) {
            return *region;
        }
    }
    TRY_LET(const Profile profile, read_profile(environment));
    const auto found = profile.find("region");
    return found == profile.end() ? std::string() : found->second;
}

}  // namespace weir::store::aws
