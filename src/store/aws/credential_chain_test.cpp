// Goal: credentials are found where AWS's tools find them, in their order, and renewed in time.
// Method: an environment in a map, files in a folder, and a server that plays the services.
#include "store/aws/credential_chain.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/result_matchers.h"
#include "store/aws/profile.h"
#include "store/played_server.h"
#include "store/scratch_folder.h"

namespace weir::store::aws {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp start{std::chrono::seconds(1'798'761'600)};  // 2027-01-01.

class CredentialChainTest : public ::testing::Test {
protected:
    CredentialChainTest() {
        httplib::Server& routes = services_.routes();
        routes.Put("/latest/api/token", [](const auto&, auto& response) {
            response.set_content("session", "text/plain");
        });
        const std::string roles = "/latest/meta-data/iam/security-credentials/";
        routes.Get(roles, [](const auto&, auto& response) {
            response.set_content("machine-role\n", "text/plain");
        });
        routes.Get(roles + "machine-role", [this](const auto& request, auto& response) {
            const bool known = request.get_header_value("X-aws-ec2-metadata-token") == "session";
            give(response, known ? "machine" : "");
        });
        routes.Get("/container", [this](const auto& request, auto& response) {
            token_ = request.get_header_value("Authorization");
            give(response, "container");
        });
        routes.Post("/", [this](const auto& request, auto& response) {
            token_ = request.get_param_value("WebIdentityToken");
            response.set_content(
                "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                "<AccessKeyId>identity</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                "<SessionToken>t</SessionToken><Expiration>2027-01-01T01:00:00Z</Expiration>"
                "</Credentials></AssumeRoleWithWebIdentityResult>"
                "</AssumeRoleWithWebIdentityResponse>",
                "text/xml");
        });
        services_.start();
    }

    void give(httplib::Response& response, const std::string& name) {
        ++fetches_;
        response.status = name.empty() || refuses_ ? 403 : 200;
        response.set_content(R"({"AccessKeyId":")" + name +
                                 R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
                                 expires_ + R"("})",
                             "application/json");
    }
    std::string write_file(const std::string& name, const std::string& text) const {
        std::ofstream(folder_.path() / name) << text;
        return (folder_.path() / name).string();
    }
    Environment environment() {
        return [this](const std::string& name) {
            const auto found = variables_.find(name);
            return found == variables_.end() ? std::nullopt
                                             : std::optional<std::string>(found->second);
        };
    }
    /// Whose keys a new chain finds.
    std::string found() {
        const auto credentials = CredentialChain(environment(), "r", http_, clock_).get();
        EXPECT_THAT(credentials, IsOk());
        return credentials ? credentials->access_key : "";
    }

    const ScratchFolder folder_;
    std::map<std::string, std::string> variables_{{"HOME", folder_.path().string()}};
    ManualClock clock_{start};
    std::string token_;
    std::string expires_ = "2027-01-01T01:00:00Z";
    int fetches_ = 0;
    bool refuses_ = false;
    PlayedServer services_;
    HttpClient http_{HttpOptions{}};
};

TEST_F(CredentialChainTest, LooksWhereAwsToolsLookInTheirOrder) {
    variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = services_.url("");
    EXPECT_EQ(found(), "machine");
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = services_.url("/container");
    EXPECT_EQ(found(), "container");
    variables_["AWS_SHARED_CREDENTIALS_FILE"] = write_file(
        "credentials", "[default]\naws_access_key_id = profile\naws_secret_access_key = s=/+\n");
    EXPECT_EQ(found(), "profile");
    variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = write_file("token", "jwt+/=\n");
    variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/weir";
    variables_["AWS_ENDPOINT_URL_STS"] = services_.url("");
    EXPECT_EQ(found(), "identity");
    EXPECT_EQ(token_, "jwt+/=");
    variables_["AWS_ACCESS_KEY_ID"] = "environment";
    variables_["AWS_SECRET_ACCESS_KEY"] = "s";
    EXPECT_EQ(found(), "environment");
}

TEST_F(CredentialChainTest, AsksTheMachineOnlyIfItMay) {
    variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = services_.url("");
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
    EXPECT_THAT(CredentialChain(environment(), "r", http_, clock_).get(),
                IsError(ErrorKind::denied, HasSubstr("AWS_ACCESS_KEY_ID")));
    EXPECT_EQ(fetches_, 0);
}

TEST_F(CredentialChainTest, GivesAContainersTokenToThisMachineOnly) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = services_.url("/container");
    variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = write_file("token", "let-me\n");
    EXPECT_EQ(found(), "container");
    EXPECT_EQ(token_, "let-me");
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://127.0.0.1.example.org/container";
    EXPECT_THAT(CredentialChain(environment(), "r", http_, clock_).get(),
                IsError(ErrorKind::invalid, HasSubstr("FULL_URI")));
}

TEST_F(CredentialChainTest, FetchesNewOnesBeforeTheyExpire) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = services_.url("/container");
    CredentialChain chain(environment(), "r", http_, clock_);
    ASSERT_THAT(chain.get(), IsOk());
    clock_.advance(std::chrono::minutes(54));
    ASSERT_THAT(chain.get(), IsOk());
    EXPECT_EQ(fetches_, 1);
    clock_.advance(std::chrono::minutes(2));
    expires_ = "2027-01-01T02:00:00Z";
    ASSERT_THAT(chain.get(), IsOk());
    EXPECT_EQ(fetches_, 2);
    chain.forget();
    ASSERT_THAT(chain.get(), IsOk());
    EXPECT_EQ(fetches_, 3);
}

TEST_F(CredentialChainTest, KeepsGoodOnesWhileNewOnesAreRefused) {
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = services_.url("/container");
    CredentialChain chain(environment(), "r", http_, clock_);
    ASSERT_THAT(chain.get(), IsOk());
    refuses_ = true;
    clock_.advance(std::chrono::minutes(58));
    EXPECT_THAT(chain.get(), IsOk());
    clock_.advance(std::chrono::minutes(3));
    EXPECT_THAT(chain.get(), IsError(ErrorKind::denied, HasSubstr("403")));
}

TEST_F(CredentialChainTest, ReadsTheNamedProfileAndItsRegion) {
    variables_["AWS_PROFILE"] = "payer";
    variables_["AWS_CONFIG_FILE"] =
        write_file("config",
                   "[default]\nregion = wrong\n# a note = x\n[profile payer]\ns3 =\n  region = "
                   "nested\nregion=eu-west-1\naws_access_key_id = config\n[profile other]\nregion "
                   "= wrong\n");
    variables_["AWS_SHARED_CREDENTIALS_FILE"] =
        write_file("credentials", "[payer]\naws_access_key_id=mine\nAWS_SECRET_ACCESS_KEY = s\n");
    EXPECT_EQ(found(), "mine");
    EXPECT_EQ(configured_region(environment()).value(), "eu-west-1");
    variables_["AWS_PROFILE"] = "nobody";
    EXPECT_THAT(read_profile(environment()), IsError(ErrorKind::not_found, HasSubstr("nobody")));
}

TEST_F(CredentialChainTest, SaysHowToExportWhatItCannotFetch) {
    variables_["AWS_CONFIG_FILE"] = write_file("config", "[default]\nsso_session = work\n");
    EXPECT_THAT(CredentialChain(environment(), "r", http_, clock_).get(),
                IsError(ErrorKind::unsupported, HasSubstr("export-credentials")));
}

}  // namespace
}  // namespace weir::store::aws
