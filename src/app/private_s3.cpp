#include "app/private_s3.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "models/child_process.h"
#include "models/program_search.h"
#include "store/free_port.h"
#include "store/http_client.h"
#include "store/random_name.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* bucket = "payer";
constexpr const char* access_key = "weir-demo";
constexpr int ready_tries = 300;
constexpr auto ready_wait = 100ms;

}  // namespace

Result<fs::path> PrivateS3::find_program() {
    const char* path = std::getenv("PATH");
    const auto folders = models::folders_of(path == nullptr ? "" : path);
    if (auto program = models::find_program("versitygw", folders)) {
        return *std::move(program);
    }
    return fail(ErrorKind::not_found,
                "there is no versitygw on PATH, which is the demo's server of S3; install it: "
                "go install github.com/versity/versitygw/cmd/versitygw@latest");
}

Result<std::unique_ptr<PrivateS3>> PrivateS3::start(const fs::path& folder) {
    TRY_LET(const fs::path program, find_program());
    TRY_LET(const std::uint16_t port, store::free_port());
    TRY_LET(const std::string secret, store::random_name());
    fs::create_directories(folder / bucket);
    ::setenv("AWS_ACCESS_KEY_ID", access_key, 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", secret.c_str(), 1);
    ::unsetenv("AWS_SESSION_TOKEN");
    const std::string address = fmt::format("127.0.0.1:{}", port);
    const models::ChildOptions options{
        .program = program,
        .arguments = {"--port", address, "--keep-alive", "--quiet", "posix", folder.string()},
        .environment = {{"ROOT_ACCESS_KEY_ID", access_key}, {"ROOT_SECRET_ACCESS_KEY", secret}},
        .folder = folder,
        .output = folder.parent_path() / "s3.log",
        .timeout = 24h};
    std::unique_ptr<PrivateS3> started(new PrivateS3("http://" + address));
    started->server_ = std::jthread([options](const std::stop_token& stop) {
        static_cast<void>(models::run_child(options, stop));  // Who asks it notices its end.
    });
    TRY(started->wait_until_ready(options.output));
    return started;
}

Status PrivateS3::wait_until_ready(const fs::path& log) const {
    store::HttpClient client{store::HttpOptions{}};
    for (int tries = 0; tries < ready_tries; ++tries) {
        if (client.send({.url = endpoint_, .past_proxy = true, .time_max = 1s})) {
            return {};  // A refusal is an answer.
        }
        std::this_thread::sleep_for(ready_wait);
    }
    return fail(ErrorKind::unavailable,
                "the demo's server of S3 does not answer; see its log, log={}", log.string());
}

std::string PrivateS3::configuration() const {
    return fmt::format("store: s3://{}/claims\ns3: {{endpoint: '{}'}}\ncut: {{interval: 1s}}\n",
                       bucket, endpoint_);
}

}  // namespace weir::app
