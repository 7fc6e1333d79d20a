#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::capture::postgres {

/// One row of a small result in PostgreSQL's text; null is no value.
using TextRow = std::vector<std::optional<std::string>>;

/// A session with a PostgreSQL server. Moves, never copies. One thread at a time. Errors carry the
/// server's SQLSTATE and primary message; never its detail, which may hold row values, and never
/// the connection's password.
class Connection {
public:
    /// An ordinary session keeps the time-outs that its role, its database or the server has set.
    enum class Mode { ordinary, replication };

    /// Connects with a time-out of 10 s and TCP keepalives. Fails with `unavailable` or `denied`.
    static Result<Connection> open(const std::string& url, Mode mode = Mode::ordinary);

    /// Runs one or more statements whose result does not matter.
    Status execute(const std::string& statements);
    /// Runs one statement and returns its rows.
    Result<std::vector<TextRow>> query(const std::string& statement);
    /// The same for a statement that may take long: asks `go_on` every 200 ms until the rows are
    /// there. Its failure cancels the statement and is returned.
    Result<std::vector<TextRow>> query(const std::string& statement,
                                       const std::function<Status()>& go_on);

    /// Begins a COPY ... TO STDOUT, or a replication stream.
    Status begin_copy_out(const std::string& statement);
    /// Returns the next message of the copy, which lives until the next call; no value at its end.
    Result<std::optional<std::span<const std::byte>>> read_copy();
    /// As `read_copy`, but returns an empty span if no whole message has come.
    Result<std::optional<std::span<const std::byte>>> try_read_copy();
    /// Waits until something comes, or `descriptor` can be read, or `wait` is over.
    Status await_input(int descriptor, std::chrono::milliseconds wait);
    /// Ends a copy that is not wanted any more: what is still to come of it is passed over.
    Status end_copy();
    /// Sends one message of a replication stream.
    Status write_copy(std::span<const std::byte> message);

    /// The server's process of this session, as it was told when the session began.
    int process() const;
    /// The host that the session went to, as the URL has it.
    std::string host() const;

    /// The server's version as PostgreSQL counts it: 150020 for 15.20.
    int server_version() const;

    /// Quotes an identifier, and a text literal.
    std::string quote_identifier(std::string_view name) const;
    std::string quote_literal(std::string_view text) const;

private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    struct Free {
        void operator()(char* buffer) const { PQfreemem(buffer); }
    };

    explicit Connection(PGconn* connection) : connection_(connection) {}
    /// Waits for something from the server. Returns false if nothing came in time.
    Result<bool> wait_for_input(std::chrono::milliseconds wait);
    void cancel();
    Status take_input();
    Result<std::optional<std::span<const std::byte>>> take_copy(bool wait);

    std::unique_ptr<PGconn, Finish> connection_;
    std::unique_ptr<char, Free> message_;
};

}  // namespace weir::capture::postgres
