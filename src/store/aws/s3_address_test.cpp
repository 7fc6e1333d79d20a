// Goal: a bucket's objects have the URLs that AWS, and servers like it, know them by.
#include "store/aws/s3_address.h"

#include <gtest/gtest.h>

#include "base/result_matchers.h"

namespace weir::store::aws {
namespace {

using ::testing::HasSubstr;

std::string url_of(const S3Options& options) {
    return S3Address(options).url("a b/y=1", {});
}

TEST(S3AddressTest, IsOfTheBucketsHostAtAwsAndOfTheEndpointElsewhere) {
    const S3Options at_aws{.bucket = "payer", .region = "eu-west-1"};
    EXPECT_EQ(url_of(at_aws), "https://payer.s3.eu-west-1.amazonaws.com/a%20b/y%3D1");
    EXPECT_EQ(url_of({.bucket = "payer.org", .region = "eu-west-1"}),
              "https://s3.eu-west-1.amazonaws.com/payer.org/a%20b/y%3D1");
    EXPECT_EQ(url_of({.bucket = "payer", .region = "cn-north-1"}),
              "https://payer.s3.cn-north-1.amazonaws.com.cn/a%20b/y%3D1");
    EXPECT_EQ(url_of({.bucket = "payer", .endpoint = "http://127.0.0.1:9000/"}),
              "http://127.0.0.1:9000/payer/a%20b/y%3D1");
    EXPECT_EQ(url_of({.bucket = "payer", .endpoint = "https://s3.local", .path_style = false}),
              "https://payer.s3.local/a%20b/y%3D1");
}

TEST(S3AddressTest, SortsAndEncodesTheQuery) {
    const S3Address address({.bucket = "payer", .endpoint = "http://h"});
    EXPECT_EQ(address.url("", {{"uploads", ""}, {"prefix", "a/"}}),
              "http://h/payer/?prefix=a%2F&uploads=");
}

TEST(S3OptionsTest, ReadsBucketAndPrefix) {
    EXPECT_EQ(parse_s3_url("s3://payer").value().bucket, "payer");
    EXPECT_EQ(parse_s3_url("s3://payer").value().prefix, "");
    EXPECT_EQ(parse_s3_url("s3://payer/a/b/").value().prefix, "a/b");
    for (const char* url : {"s3://", "s3://ab", "s3://Payer", "s3://payer//a", "payer/a"}) {
        EXPECT_THAT(parse_s3_url(url), IsError(ErrorKind::invalid, HasSubstr("s3://bucket")))
            << url;
    }
}

}  // namespace
}  // namespace weir::store::aws
