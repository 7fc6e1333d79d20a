// Goal: what an S3 store reports as done is done, once; what it cannot know it says; and a person
// reads what to do. Method: a scripted server that loses, cuts and refuses; no clock, no chance.
#include "store/aws/s3_store.h"

#include <gtest/gtest.h>

#include <string>

#include "base/byte_text.h"
#include "base/result_matchers.h"
#include "store/aws/scripted_s3.h"

namespace weir::store::aws {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = ScriptedFault::Kind;

constexpr Timestamp start{std::chrono::seconds(1'790'000'000)};  // September 2026.

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// Moves the clock instead of waiting, and writes down how long.
class CountedPatience final : public Patience {
public:
    CountedPatience(ManualClock& clock, std::vector<std::chrono::milliseconds>& pauses)
        : clock_(clock), pauses_(pauses) {}

    void pause(std::chrono::milliseconds time) override {
        clock_.advance(time);
        pauses_.push_back(time);
    }
    double chance() override { return 0.5; }

private:
    ManualClock& clock_;
    std::vector<std::chrono::milliseconds>& pauses_;
};

class S3StoreTest : public ::testing::Test {
protected:
    Result<std::unique_ptr<S3Store>> open(S3Options options) {
        const Environment environment = [this](const std::string& name) {
            const auto found = variables_.find(name);
            return found == variables_.end() ? std::nullopt
                                             : std::optional<std::string>(found->second);
        };
        options.endpoint = server_.endpoint();
        options.part_bytes = 10;
        return S3Store::open(std::move(options), environment, clock_,
                             std::make_unique<CountedPatience>(clock_, pauses_));
    }
    std::unique_ptr<S3Store> open() {
        return open({.bucket = "payer", .prefix = "claims"}).value();
    }

    std::string read(std::string_view key) const {
        return std::string(as_text(store_->read(key).value().bytes));
    }
    std::size_t requests_of(std::string_view method) const {
        const auto all = server_.requests();
        return static_cast<std::size_t>(std::ranges::count_if(
            all, [&](const std::string& request) { return request.starts_with(method); }));
    }

    std::map<std::string, std::string> variables_{{"AWS_ACCESS_KEY_ID", "AK"},
                                                  {"AWS_SECRET_ACCESS_KEY", "very-secret"},
                                                  {"AWS_REGION", "eu-central-1"},
                                                  {"HOME", "/nowhere"}};
    ManualClock clock_{start};
    std::vector<std::chrono::milliseconds> pauses_;
    ScriptedS3 server_;
    std::unique_ptr<S3Store> store_ = open();
};

TEST_F(S3StoreTest, TriesAgainWhatTheServerPutsOff) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("one")), IsOk());
    for (const int status : {500, 502, 503, 504, 429}) {
        server_.add_fault({.status = status, .code = "InternalError"});
        EXPECT_EQ(read("a"), "one") << status;
    }
    EXPECT_EQ(pauses_.size(), 5U);
}

TEST_F(S3StoreTest, WaitsLongerEachTimeAndAsLongAsTheServerAsks) {
    for (int count = 0; count < 3; ++count) {
        server_.add_fault({});
    }
    server_.add_fault({.headers = {{"Retry-After", "7"}}});
    EXPECT_THAT(store_->stat("a"), IsError(ErrorKind::not_found));
    using std::chrono::milliseconds;
    EXPECT_THAT(pauses_, ElementsAre(milliseconds(100), milliseconds(200), milliseconds(400),
                                     milliseconds(7'000)));
}

TEST_F(S3StoreTest, GivesUpAfterABoundedTime) {
    for (int count = 0; count < 50; ++count) {
        server_.add_fault({});
    }
    EXPECT_THAT(store_->read("a"), IsError(ErrorKind::unavailable, HasSubstr("SlowDown")));
    EXPECT_LE(clock_.now() - start, std::chrono::seconds(30));
    EXPECT_GT(clock_.now() - start, std::chrono::seconds(20));
}

TEST_F(S3StoreTest, ReadsAgainWhatWasCutInTheMiddle) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("0123456789")), IsOk());
    server_.add_fault({.kind = Kind::cut, .method = "GET"});
    EXPECT_EQ(read("a"), "0123456789");
    EXPECT_EQ(requests_of("GET /payer/claims/a"), 2U);
}

TEST_F(S3StoreTest, ReadsAgainWhatHasAnotherChecksumAndThenStops) {
    ASSERT_THAT(create_object(*store_, "a", bytes_of("one")), IsOk());
    server_.add_fault({.kind = Kind::bad_checksum, .method = "GET"});
    EXPECT_EQ(read("a"), "one");
    for (int count = 0; count < 3; ++count) {
        server_.add_fault({.kind = Kind::bad_checksum, .method = "GET"});
    }
    EXPECT_THAT(store_->read("a"), IsError(ErrorKind::corrupt));
}

TEST_F(S3StoreTest, FindsItsOwnObjectWhenTheAnswerWasLost) {
    server_.add_fault({.kind = Kind::lost, .method = "PUT"});
    EXPECT_THAT(create_object(*store_, "a", bytes_of("one")), IsOk());
    server_.add_fault({.kind = Kind::lost, .method = "PUT"});
    const auto version = store_->replace("head", std::nullopt, bytes_of("one"));
    ASSERT_THAT(version, IsOk());
    EXPECT_EQ(store_->read("head")->version, *version);
    server_.add_fault({.kind = Kind::lost, .method = "PUT"});
    EXPECT_THAT(store_->replace("head", *version, bytes_of("two")), IsOk());
    EXPECT_EQ(read("head"), "two");
}

TEST_F(S3StoreTest, TakesNobodyElsesObjectForItsOwnThoughTheBytesAreTheSame) {
    server_.put_behind("claims/a", "one");
    EXPECT_THAT(create_object(*store_, "a", bytes_of("one")), IsError(ErrorKind::already_exists));
    EXPECT_THAT(store_->replace("a", std::nullopt, bytes_of("one")), IsError(ErrorKind::conflict));
}

TEST_F(S3StoreTest, IsInDoubtWhenAnotherWriteFollowedTheOneWhoseAnswerWasLost) {
    const auto version = store_->replace("head", std::nullopt, bytes_of("one")).value();
    server_.add_fault({.kind = Kind::lost, .method = "PUT"});
    server_.put_after_next_write("claims/head", "three");
    EXPECT_THAT(store_->replace("head", version, bytes_of("two")), IsError(ErrorKind::in_doubt));
}

TEST_F(S3StoreTest, IsInDoubtWhenNoAnswerComesAtAll) {
    for (int count = 0; count < 50; ++count) {
        server_.add_fault({.kind = Kind::lost});
    }
    EXPECT_THAT(store_->replace("head", std::nullopt, bytes_of("one")),
                IsError(ErrorKind::in_doubt));
}

TEST_F(S3StoreTest, TriesAConflictOfTwoWritesAgain) {
    server_.add_fault({.status = 409, .code = "ConditionalRequestConflict", .method = "PUT"});
    EXPECT_THAT(store_->replace("head", std::nullopt, bytes_of("one")), IsOk());
}

TEST_F(S3StoreTest, WritesLargeObjectsInPartsOnlyIfAbsent) {
    const std::string bytes = "0123456789abcdefghijklmnopqrstuvwxyz";
    ASSERT_THAT(create_object(*store_, "a", bytes_of(bytes)), IsOk());
    EXPECT_EQ(read("a"), bytes);
    EXPECT_EQ(requests_of("PUT"), 4U);
    EXPECT_EQ(requests_of("POST"), 2U);
    EXPECT_THAT(create_object(*store_, "a", bytes_of(bytes)), IsError(ErrorKind::already_exists));
    EXPECT_EQ(server_.open_uploads(), 0U);
}

TEST_F(S3StoreTest, FindsItsOwnPartsPutTogetherWhenTheAnswerWasLost) {
    const auto sink = store_->create("a").value();
    ASSERT_THAT(sink->write(bytes_of("0123456789abc")), IsOk());
    server_.add_fault({.kind = Kind::lost, .method = "POST"});
    EXPECT_THAT(sink->finish(), IsOk());
    EXPECT_EQ(read("a"), "0123456789abc");
}

TEST_F(S3StoreTest, BelievesNoSuccessWithAnErrorInIt) {
    const auto sink = store_->create("a").value();
    ASSERT_THAT(sink->write(bytes_of("0123456789abc")), IsOk());
    server_.add_fault({.status = 200, .code = "InternalError", .method = "POST"});
    EXPECT_THAT(sink->finish(), IsError(ErrorKind::in_doubt));
}

TEST_F(S3StoreTest, ADroppedSinkAbortsItsUpload) {
    {
        const auto sink = store_->create("a").value();
        ASSERT_THAT(sink->write(bytes_of("0123456789abc")), IsOk());
        EXPECT_EQ(server_.open_uploads(), 1U);
    }
    EXPECT_EQ(server_.open_uploads(), 0U);
}

TEST_F(S3StoreTest, AbortsWhatTheDeadLeftAndNothingElse) {
    const auto sink = store_->create("a").value();
    ASSERT_THAT(sink->write(bytes_of("0123456789abc")), IsOk());
    server_.set_upload_begun("2026-09-21T00:00:00.000Z");  // Hours before the start.
    open();
    EXPECT_EQ(server_.open_uploads(), 1U);
    server_.set_upload_begun("2026-09-19T00:00:00.000Z");
    open();
    EXPECT_EQ(server_.open_uploads(), 0U);
}

TEST_F(S3StoreTest, ListsPageByPage) {
    server_.set_page_keys(2);
    for (const char* key : {"a/1", "a/2", "a/3", "a/4", "b"}) {
        ASSERT_THAT(create_object(*store_, key, {}), IsOk());
    }
    const auto listed = store_->list("a/").value();
    std::string keys;
    for (const ObjectInfo& object : listed) {
        keys += object.key + " ";
    }
    EXPECT_EQ(keys, "a/1 a/2 a/3 a/4 ");
}

TEST_F(S3StoreTest, SendsWhatEncryptsAndWhatProves) {
    const auto sealed =
        open({.bucket = "payer", .encryption = ServerEncryption::kms, .kms_key = "key-1"}).value();
    ASSERT_THAT(sealed->replace("head", std::nullopt, bytes_of("one")), IsOk());
    EXPECT_EQ(server_.last_header("x-amz-server-side-encryption"), "aws:kms");
    EXPECT_EQ(server_.last_header("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
    EXPECT_EQ(server_.last_header("x-amz-checksum-sha256"), checksum_of(bytes_of("one")));
    EXPECT_EQ(server_.last_header("If-None-Match"), "*");
    EXPECT_THAT(server_.last_header("Authorization"), HasSubstr("/eu-central-1/s3/aws4_request"));
}

/// What a refusal is, and the word that its message must have.
struct Refusal {
    int status;
    const char* code;
    ErrorKind kind;
    const char* remedy;
};

class S3RefusalTest : public S3StoreTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(S3RefusalTest, SaysWhatToDo) {
    const auto& [status, code, kind, remedy] = GetParam();
    const ScriptedFault fault{
        .status = status, .code = code, .headers = {{"x-amz-bucket-region", "eu-west-3"}}};
    server_.add_fault(fault);
    server_.add_fault(fault);  // Of expired credentials, new ones are tried.
    const auto read = store_->read("a");
    EXPECT_THAT(read, IsError(kind, HasSubstr(remedy)));
    EXPECT_THAT(read, IsError(kind, HasSubstr("s3://payer/claims/a")));
    EXPECT_THAT(read, IsError(kind, Not(HasSubstr("very-secret"))));
}

INSTANTIATE_TEST_SUITE_P(
    OfS3, S3RefusalTest,
    ::testing::Values(Refusal{400, "ExpiredToken", ErrorKind::denied, "renew"},
                      Refusal{403, "AccessDenied", ErrorKind::denied, "rights of docs/s3.md"},
                      Refusal{403, "SignatureDoesNotMatch", ErrorKind::denied, "secret"},
                      Refusal{403, "InvalidAccessKeyId", ErrorKind::denied, "access key"},
                      Refusal{403, "RequestTimeTooSkewed", ErrorKind::denied, "clock"},
                      Refusal{404, "NoSuchBucket", ErrorKind::invalid, "make the bucket"},
                      Refusal{301, "PermanentRedirect", ErrorKind::invalid,
                              "bucket's region=eu-west-3"},
                      Refusal{400, "AuthorizationHeaderMalformed", ErrorKind::invalid, "s3.region"},
                      Refusal{404, "kms:KeyNotFound", ErrorKind::invalid, "s3.kms_key"},
                      Refusal{501, "NotImplemented", ErrorKind::unsupported, "docs/s3.md"}),
    [](const auto& refusal) {
        std::string name = refusal.param.code;
        std::erase(name, ':');
        return name;
    });

TEST_F(S3StoreTest, SaysWhenTheServerIsAway) {
    const std::string endpoint = "http://127.0.0.1:1";  // Nobody may listen there.
    const auto opened = S3Store::open(
        {.bucket = "payer", .endpoint = endpoint},
        [this](const std::string& name) -> std::optional<std::string> { return variables_[name]; },
        clock_, std::make_unique<CountedPatience>(clock_, pauses_));
    EXPECT_THAT(opened, IsError(ErrorKind::unavailable, HasSubstr(endpoint)));
}

}  // namespace
}  // namespace weir::store::aws
