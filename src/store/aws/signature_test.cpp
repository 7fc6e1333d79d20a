// Goal: a signature is the one that AWS computes. Method: the examples of its manual ("Signature
// calculations for the authorization header", S3), and two headers of which one begins as the
// other.
#include "store/aws/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::store::aws {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp time_of_the_manual{std::chrono::seconds(1'369'353'600)};  // 2013-05-24.

std::string authorization_of(HttpRequest request) {
    request.signer = AwsSigner{.access_key = "AKIAIOSFODNN7EXAMPLE",
                               .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                               .session_token = {},
                               .region = "us-east-1",
                               .service = "s3"};
    return signature_headers(request, time_of_the_manual).back().value;
}

TEST(SignatureTest, IsTheOneOfTheManual) {
    const std::string bucket = "https://examplebucket.s3.amazonaws.com";
    EXPECT_EQ(authorization_of({.url = bucket + "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
              "aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_THAT(authorization_of({.url = bucket + "/?lifecycle="}),
                HasSubstr("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
    EXPECT_THAT(authorization_of({.url = bucket + ":443/?max-keys=2&prefix=J"}),
                HasSubstr("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SignatureTest, SortsHeadersByNameAlone) {
    EXPECT_THAT(authorization_of({.url = "https://h/",
                                  .headers = {{"X-Amz-Sse-Key", "k"}, {"X-Amz-Sse", "kms"}}}),
                HasSubstr("x-amz-date;x-amz-sse;x-amz-sse-key,"));
}

}  // namespace
}  // namespace weir::store::aws
