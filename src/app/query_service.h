#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "sql/sql_session.h"

namespace weir::app {

/// Answers other processes' `weir query` while this one holds the warehouse: HTTP on a local socket
/// that only this user may open. POST /query with one statement as the body; the answer is JSON,
/// `{"columns": [...], "rows": [[...]]}` or `{"kind": ..., "message": ...}`. It answers from
/// threads of its own until it is gone; `answer` must then return soon.
class QueryService {
public:
    using Answer = std::function<Result<sql::Rows>(const std::string& statement)>;

    /// Takes the socket over; a dead process may have left it. Fails with `unavailable`.
    static Result<std::unique_ptr<QueryService>> start(const std::filesystem::path& socket,
                                                       Answer answer);
    QueryService(const QueryService&) = delete;
    QueryService& operator=(const QueryService&) = delete;
    ~QueryService();

private:
    struct Server;
    explicit QueryService(std::unique_ptr<Server> server);

    std::unique_ptr<Server> server_;
};

/// Asks the process behind the socket. Returns no value if nobody is there.
Result<std::optional<sql::Rows>> ask_running(const std::filesystem::path& socket,
                                             const std::string& statement);

}  // namespace weir::app
