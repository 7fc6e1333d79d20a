#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::simulate {

/// One session of a PostgreSQL server, in UTC. Errors name statement kind, SQLSTATE, table and
/// constraint, never a value: `unavailable` if the server cannot be reached, `in_doubt` if it went
/// away in the middle of something. One thread at a time.
class Database {
public:
    static Result<Database> connect(const std::string& url);

    /// Runs statements, separated by semicolons. `what` names them in an error.
    Status run(std::string_view what, const std::string& sql);
    /// Returns the first row of a query, or nothing; a null is blank.
    Result<std::optional<std::vector<std::string>>> first_row(std::string_view what,
                                                              const std::string& sql);

    Status begin_copy(const std::string& target);
    Status copy(std::string_view rows);
    Status finish_copy();

private:
    struct Close {
        void operator()(PGconn* connection) const { PQfinish(connection); }
        void operator()(PGresult* result) const { PQclear(result); }
    };
    using Answer = std::unique_ptr<PGresult, Close>;

    explicit Database(PGconn* connection) : connection_(connection) {}
    std::unexpected<Error> failure(std::string_view what, const PGresult* result) const;

    std::unique_ptr<PGconn, Close> connection_;
};

}  // namespace weir::simulate
