// Goal: weir.yaml is read strictly, and an error names the place.
#include "app/configuration.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/result_matchers.h"

namespace weir::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view whole = R"(version: 1
pipeline: claims
source:
  postgres: postgres://weir:${WEIR_TEST_PASSWORD}@db/claims
  tables: [claims.*]
store: data
cut: {interval: 250ms, max_bytes: 1MiB}
refine: {types: {claims.claim.note: json}}
models: {project: claims, every: 5m}
quality: {suites: [suite.json]}
tags: {claims.member.ssn: [phi.ssn]}
allow_plaintext: true
)";

TEST(Configuration, ReadsEveryPart) {
    ASSERT_EQ(setenv("WEIR_TEST_PASSWORD", "secret", 1), 0);
    const auto read = parse_configuration(whole, "/etc/weir/weir.yaml");
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(read->source_url, "postgres://weir:secret@db/claims");
    EXPECT_THAT(read->tables, ElementsAre("claims.*"));
    EXPECT_EQ(read->slot, "weir_claims");
    EXPECT_EQ(read->store, "/etc/weir/data");
    EXPECT_EQ(read->cut_interval, std::chrono::milliseconds(250));
    EXPECT_EQ(read->cut_bytes_max, 1U << 20U);
    EXPECT_EQ(read->models_every, std::chrono::minutes(5));
    const auto* declared = read->declared_types.find({"claims", "claim"}, "note");
    ASSERT_NE(declared, nullptr);
    EXPECT_EQ(declared->to_string(), "json");
    EXPECT_THAT(read->tags.at("claims.member.ssn"), ElementsAre("phi.ssn"));
    EXPECT_TRUE(read->allow_plaintext);
}

TEST(Configuration, KeepsEverythingInTheStoreIfThatIsAFolder) {
    const auto read = parse_configuration(whole, "/etc/weir/weir.yaml").value();
    EXPECT_EQ(read.state, "/etc/weir/data");
    EXPECT_FALSE(read.is_on_s3());
}

TEST(Configuration, KeepsWhatIsNoObjectBesideABucket) {
    const std::string head =
        "version: 1\npipeline: claims\nsource: {postgres: 'host=/tmp', tables: [a.*]}\n";
    const auto read =
        parse_configuration(head +
                                "store: s3://payer/claims\ns3: {endpoint: 'http://h:1', region: r, "
                                "path_style: false, sse: kms, kms_key: k, ca_file: ca.pem}\n",
                            "/etc/weir/weir.yaml")
            .value();
    EXPECT_EQ(read.store, "s3://payer/claims");
    EXPECT_EQ(read.state, "/etc/weir/.weir/claims");
    EXPECT_EQ(read.cut_interval, std::chrono::seconds(15));
    EXPECT_EQ(read.s3.bucket, "payer");
    EXPECT_EQ(read.s3.prefix, "claims");
    EXPECT_EQ(read.s3.endpoint, "http://h:1");
    EXPECT_EQ(read.s3.path_style, false);
    EXPECT_EQ(read.s3.encryption, store::aws::ServerEncryption::kms);
    EXPECT_EQ(read.s3.http.ca_file, "/etc/weir/ca.pem");
    const auto elsewhere = parse_configuration(
        head + "store: s3://payer\nstate: there\ncut: {interval: 1s}\n", "/etc/weir/weir.yaml");
    EXPECT_EQ(elsewhere->state, "/etc/weir/there");
    EXPECT_EQ(elsewhere->cut_interval, std::chrono::seconds(1));
    EXPECT_THAT(parse_configuration(head + "store: s3://B/x\n", "w.yaml"),
                IsError(ErrorKind::invalid, HasSubstr("w.yaml:4:8: a store on S3 is named")));
}

TEST(Configuration, NamesThePlaceOfAMistake) {
    const struct {
        std::string_view text;
        std::string_view message;
    } cases[] = {
        {"version: 2\n", "w.yaml:1:1: `version: 1` is missing"},
        {"version: 1\nsauce: {}\n", "w.yaml:2:1: unknown name `sauce`"},
        {"version: 1\ncut: {interval: 1}\n", "w.yaml:2:17: `interval` is a time with its unit"},
        {"version: 1\ncut: [1]\n", "w.yaml:2:6: a map of names and values"},
        {"version: 1\nsource: {tables: claims}\n", "w.yaml:2:18: `tables` is a list"},
        {"version: 1\nrefine: {types: {a.b.c: decimel}}\n", "w.yaml:2:25: "},
        {"version: 1\n", "`source` is missing"},
        {"version: 1\nversion: 1\n", "stands here twice"},
        {"version: [1\n", "w.yaml:2:1: "},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(parse_configuration(text, "w.yaml"),
                    IsError(ErrorKind::invalid, HasSubstr(message)))
            << text;
    }
}

TEST(Configuration, NamesAMissingVariableAndNotItsNeighbours) {
    unsetenv("WEIR_TEST_ABSENT");
    const auto read = parse_configuration(
        "version: 1\nsource: {postgres: 'postgres://a:pw@h/${WEIR_TEST_ABSENT}', tables: [a.b]}\n",
        "w.yaml");
    ASSERT_THAT(read, IsError(ErrorKind::not_found, HasSubstr("WEIR_TEST_ABSENT")));
    EXPECT_EQ(read.error().to_string().find("pw"), std::string::npos);
}

}  // namespace
}  // namespace weir::app
