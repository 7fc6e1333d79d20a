// Goal: a response is what the server said, and a failure says whether the request may have been
// done. Method: a server on the loopback interface that answers, breaks off, is silent, or is gone.
#include "store/http_client.h"

#include <gtest/gtest.h>

#include <latch>

#include "base/byte_text.h"
#include "base/result_matchers.h"
#include "store/played_server.h"

namespace weir::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

class HttpClientTest : public ::testing::Test {
protected:
    HttpClientTest() {
        const auto echo = [this](const httplib::Request& request, httplib::Response& response) {
            seen_ = request;
            response.status = 201;
            response.set_header("X-Answer", "  42 ");
            response.set_content(request.body, "text/plain");
        };
        const auto cut = [](const auto&, auto& response) {
            response.set_content_provider(100, "text/plain",
                                          [](std::size_t, std::size_t, auto&) { return false; });
        };
        const auto be_silent = [this](const auto&, auto&) { silence_.wait(); };
        httplib::Server& routes = server_.routes();
        routes.Get("/echo.*", echo).Put("/echo.*", echo).Post("/echo.*", echo);
        routes.Get("/cut", cut).Put("/cut", cut);
        routes.Get("/silent", be_silent).Put("/silent", be_silent);
        server_.start();
    }
    ~HttpClientTest() override { silence_.count_down(); }

    std::latch silence_{1};
    httplib::Request seen_;
    PlayedServer server_;
    HttpClient client_{HttpOptions{}};
};

TEST_F(HttpClientTest, SendsAndReturnsEverything) {
    for (const std::string method : {"GET", "PUT", "POST"}) {
        const auto response = client_.send({.method = method,
                                            .url = server_.url("/echo?a=b%2F"),
                                            .headers = {{"X-Asked", "yes"}},
                                            .body = bytes_of(method == "GET" ? "" : "body")});
        ASSERT_THAT(response, IsOk());
        EXPECT_EQ(response->status, 201);
        EXPECT_EQ(response->header("x-answer"), "42");
        EXPECT_EQ(response->header("x-other"), "");
        EXPECT_EQ(as_text(response->body), method == "GET" ? "" : "body");
        EXPECT_EQ(seen_.method, method);
        EXPECT_EQ(seen_.target, "/echo?a=b%2F");
        EXPECT_EQ(seen_.get_header_value("X-Asked"), "yes");
    }
}

TEST_F(HttpClientTest, SignsForAnyServiceOfAws) {
    ASSERT_THAT(client_.send({.method = "POST",
                              .url = server_.url("/echo"),
                              .headers = {{"X-Amz-Target", "TrentService.Decrypt"}},
                              .body = bytes_of("{}"),
                              .signer = AwsSigner{.access_key = "AK",
                                                  .secret_key = "secret",
                                                  .session_token = "token",
                                                  .region = "eu-central-1",
                                                  .service = "kms"}}),
                IsOk());
    const std::string authorization = seen_.get_header_value("Authorization");
    EXPECT_THAT(authorization, HasSubstr("Credential=AK/"));
    EXPECT_THAT(authorization, HasSubstr("/eu-central-1/kms/aws4_request"));
    EXPECT_THAT(authorization, HasSubstr("x-amz-security-token"));
    EXPECT_THAT(authorization, HasSubstr("x-amz-target"));
    EXPECT_EQ(seen_.get_header_value("x-amz-content-sha256"),
              "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

TEST_F(HttpClientTest, SaysWhetherABrokenRequestMayHaveBeenDone) {
    EXPECT_THAT(client_.send({.url = server_.url("/cut")}), IsError(ErrorKind::unavailable));
    EXPECT_THAT(client_.send({.method = "PUT", .url = server_.url("/cut"), .body = bytes_of("x")}),
                IsError(ErrorKind::in_doubt));
}

TEST_F(HttpClientTest, DoesNotWaitForever) {
    using namespace std::chrono_literals;
    EXPECT_THAT(client_.send({.url = server_.url("/silent"), .time_max = 50ms}),
                IsError(ErrorKind::unavailable));
    EXPECT_THAT(client_.send({.method = "PUT",
                              .url = server_.url("/silent"),
                              .body = bytes_of("x"),
                              .time_max = 50ms}),
                IsError(ErrorKind::in_doubt));
}

TEST_F(HttpClientTest, NamesTheServerThatIsAwayAndNothingOfTheRequest) {
    const std::string address = "http://127.0.0.1:1";  // Nobody may listen there.
    const auto sent =
        client_.send({.method = "PUT", .url = address + "/key?token=t", .body = bytes_of("x")});
    EXPECT_THAT(sent, IsError(ErrorKind::unavailable, HasSubstr(address)));
    EXPECT_THAT(sent, IsError(ErrorKind::unavailable, Not(HasSubstr("token"))));
}

TEST_F(HttpClientTest, SaysWhenTheFileOfAuthoritiesCannotBeRead) {
    HttpClient client({.ca_file = "/nowhere.pem"});
    EXPECT_THAT(client.send({.url = "https" + server_.url().substr(4)}),
                IsError(ErrorKind::denied, HasSubstr("certificate authority")));
}

TEST(PercentEncode, LeavesOnlyWhatNobodyMayTouch) {
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("dt=1/2 +%"), "dt%3D1%2F2%20%2B%25");
    EXPECT_EQ(percent_encode(""), "");
}

}  // namespace
}  // namespace weir::store
