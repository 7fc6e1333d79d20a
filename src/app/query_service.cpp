#include "app/query_service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <httplib.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "store/file_system.h"

namespace weir::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto path_of_queries = "/query";
constexpr auto json_type = "application/json";
/// Models that are being built have the warehouse meanwhile.
constexpr auto answer_wait = std::chrono::minutes(10);
constexpr int status_ok = 200;
constexpr int status_failed = 422;

/// A socket's address has room for 108 bytes only: so it goes through its open folder.
class SocketPath {
public:
    static Result<SocketPath> open(const fs::path& socket) {
        TRY_LET(auto folder,
                store::open_file(socket.parent_path().string(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        return SocketPath(std::move(folder), socket.filename().string());
    }
    std::string text() const { return fmt::format("/proc/self/fd/{}/{}", folder_.number(), name_); }

private:
    SocketPath(store::FileDescriptor folder, std::string name)
        : folder_(std::move(folder)), name_(std::move(name)) {}

    store::FileDescriptor folder_;
    std::string name_;
};

json to_json(const sql::Rows& answer) {
    json rows = json::array();
    for (const auto& row : answer.rows) {
        json cells = json::array();
        for (const auto& cell : row) {
            cells.push_back(cell ? json(*cell) : json());
        }
        rows.push_back(std::move(cells));
    }
    return {{"columns", answer.columns}, {"rows", std::move(rows)}};
}

sql::Rows rows_from_json(const json& object) {
    sql::Rows rows;
    rows.columns = object.at("columns").get<std::vector<std::string>>();
    for (const json& cells : object.at("rows")) {
        auto& row = rows.rows.emplace_back();
        for (const json& cell : cells) {
            row.push_back(cell.is_null() ? std::nullopt : std::optional(cell.get<std::string>()));
        }
    }
    return rows;
}

ErrorKind kind_from_text(std::string_view text) {
    for (int kind = 0; kind < static_cast<int>(ErrorKind::internal); ++kind) {
        if (to_string(static_cast<ErrorKind>(kind)) == text) {
            return static_cast<ErrorKind>(kind);
        }
    }
    return ErrorKind::internal;
}

}  // namespace

struct QueryService::Server {
    Server(fs::path socket, SocketPath address)
        : file(std::move(socket)), path(std::move(address)) {}

    fs::path file;
    SocketPath path;
    httplib::Server http;
    std::jthread thread;
};

QueryService::QueryService(std::unique_ptr<Server> server) : server_(std::move(server)) {}

Result<std::unique_ptr<QueryService>> QueryService::start(const fs::path& socket, Answer answer) {
    TRY_LET(SocketPath path, SocketPath::open(socket));
    auto server = std::make_unique<Server>(socket, std::move(path));
    server->http.set_address_family(AF_UNIX);
    server->http.Post(path_of_queries, [answer = std::move(answer)](const httplib::Request& request,
                                                                    httplib::Response& response) {
        const Result<sql::Rows> rows = answer(request.body);
        response.status = rows ? status_ok : status_failed;
        const json body = rows ? to_json(*rows)
                               : json{{"kind", to_string(rows.error().kind())},
                                      {"message", rows.error().to_string()}};
        response.set_content(body.dump(-1, ' ', false, json::error_handler_t::replace), json_type);
    });
    std::error_code ignored;
    fs::remove(socket, ignored);
    // The socket is never open to others, not even for a moment: its folder is this user's alone.
    constexpr int any_port = 80;  // A local socket has none.
    if (!server->http.bind_to_port(server->path.text(), any_port)) {
        return fail(ErrorKind::unavailable,
                    "cannot open the socket for queries; others can ask once this process has "
                    "ended, socket={}",
                    socket.string());
    }
    ::chmod(socket.c_str(), S_IRUSR | S_IWUSR);
    server->thread = std::jthread([http = &server->http] { http->listen_after_bind(); });
    while (!server->http.is_running()) {
        std::this_thread::yield();
    }
    return std::unique_ptr<QueryService>(new QueryService(std::move(server)));
}

QueryService::~QueryService() {
    server_->http.stop();
    server_->thread.join();
    std::error_code ignored;
    fs::remove(server_->file, ignored);
}

Result<std::optional<sql::Rows>> ask_running(const fs::path& socket, const std::string& statement) {
    if (!fs::exists(socket)) {
        return std::nullopt;
    }
    TRY_LET(const SocketPath path, SocketPath::open(socket));
    httplib::Client client(path.text());
    client.set_address_family(AF_UNIX);
    client.set_read_timeout(answer_wait);
    const auto response = client.Post(path_of_queries, statement, "application/sql");
    if (response.error() == httplib::Error::Connection) {
        return std::nullopt;
    }
    if (!response) {
        return fail(ErrorKind::unavailable,
                    "the process that holds the warehouse did not answer: {}; ask again",
                    httplib::to_string(response.error()));
    }
    const json body = json::parse(response->body, nullptr, false);
    if (response->status == status_ok && body.is_object()) {
        return rows_from_json(body);
    }
    const std::string kind = body.is_object() ? body.value("kind", "internal") : "internal";
    const std::string message = body.is_object() ? body.value("message", "") : "no answer";
    const std::string prefix = kind + ": ";
    return fail(kind_from_text(kind), "{}",
                message.starts_with(prefix) ? message.substr(prefix.size()) : message);
}

}  // namespace weir::app
