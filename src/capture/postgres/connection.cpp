#include "capture/postgres/connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/byte_text.h"
#include "capture/postgres/pooler.h"
#include "capture/postgres/replication_slot.h"

namespace weir::capture::postgres {
namespace {

constexpr int knows_transaction_timeout = 170'000;

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, Clear>;

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

/// Maps an SQLSTATE to what the caller should do.
ErrorKind kind_of(std::string_view state) {
    if (state == "42501" || state.starts_with("28")) {
        return ErrorKind::denied;
    }
    if (state == "55006") {  // object_in_use: the slot is active for somebody else.
        return ErrorKind::conflict;
    }
    if (state == "58P01") {  // undefined_file: the server has removed log that was asked for.
        return ErrorKind::corrupt;
    }
    // Connections, shutdowns, resources, time-outs, deadlocks, a disk that fails.
    if (state.starts_with("08") || state.starts_with("57") || state.starts_with("53") ||
        state.starts_with("40") || state.starts_with("58") || state == "55P03" ||
        state == "25P03" || state == "25P04" || state.empty()) {
        return ErrorKind::unavailable;
    }
    if (state == "42704" || state == "42P01" || state == "3D000") {
        return ErrorKind::not_found;
    }
    if (state == "42710") {
        return ErrorKind::already_exists;
    }
    return ErrorKind::invalid;
}

/// What to do where the server, its database or its role limits how long something may last.
std::string_view remedy_of(std::string_view state) {
    if (state == "57014") {
        return "; if that was statement_timeout: ALTER ROLE ... SET statement_timeout for weir's "
               "role, or a smaller source.chunk_blocks";
    }
    if (state == "25P03") {
        return "; ALTER ROLE ... SET idle_in_transaction_session_timeout for weir's role";
    }
    if (state == "25P04") {
        return "; ALTER ROLE ... SET transaction_timeout for weir's role, or a smaller "
               "source.chunk_blocks";
    }
    return state == "57P05" ? "; ALTER ROLE ... SET idle_session_timeout for weir's role" : "";
}

/// The last words of a server that has ended the session come without their SQLSTATE.
std::string_view state_of(std::string_view last_words) {
    constexpr std::array<std::array<std::string_view, 2>, 3> states{
        {{"idle-in-transaction timeout", "25P03"},
         {"transaction timeout", "25P04"},
         {"idle-session timeout", "57P05"}}};
    for (const auto& [words, state] : states) {
        if (last_words.find(words) != std::string_view::npos) {
            return state;
        }
    }
    return "";
}

std::unexpected<Error> went_away(const PGconn* connection) {
    const std::string_view said = first_line(PQerrorMessage(connection));
    return fail(ErrorKind::unavailable, "PostgreSQL went away: {}{}", said,
                remedy_of(state_of(said)));
}

std::unexpected<Error> server_error(const PGresult* result, const PGconn* connection) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == nullptr) {
        return went_away(connection);
    }
    // A value that could not be converted is quoted in the primary message of classes 22 and 23.
    const bool holds_values =
        std::string_view(state).starts_with("22") || std::string_view(state).starts_with("23");
    return fail(kind_of(state), "PostgreSQL says: {}, sqlstate={}{}",
                holds_values ? "a value does not fit" : message, state, remedy_of(state));
}

/// libpq's own words on a URL that it cannot read may quote the password.
bool is_readable(const std::string& url) {
    char* message = nullptr;
    PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
    const bool readable = options != nullptr;
    PQconninfoFree(options);
    PQfreemem(message);
    return readable;
}

/// The rows of a result in PostgreSQL's text.
std::vector<TextRow> rows_of(const PGresult* result) {
    std::vector<TextRow> rows(static_cast<std::size_t>(PQntuples(result)));
    for (int row = 0; row < PQntuples(result); ++row) {
        for (int column = 0; column < PQnfields(result); ++column) {
            auto& cell = rows[static_cast<std::size_t>(row)].emplace_back();
            if (PQgetisnull(result, row, column) == 0) {
                cell.emplace(PQgetvalue(result, row, column),
                             static_cast<std::size_t>(PQgetlength(result, row, column)));
            }
        }
    }
    return rows;
}

bool is_service_missing(const PGconn* connection) {
    return std::string_view(PQerrorMessage(connection)).find("definition of service") !=
           std::string_view::npos;
}

bool is_done(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

// The server's words where it lets nobody in, and libpq's where it trusts no server.
constexpr std::array<std::string_view, 7> refusals{"authentication",
                                                   "pg_hba.conf",
                                                   "certificate",
                                                   "host name",
                                                   "does not support SSL",
                                                   "private key file",
                                                   "channel binding required"};

/// Whether the server turned us away, rather than being away. It gives no SQLSTATE for that.
bool is_refused(PGconn* connection, const std::string& url, Connection::Mode mode) {
    const std::string_view said = PQerrorMessage(connection);
    const auto says = [&](std::string_view words) {
        return said.find(words) != std::string_view::npos;
    };
    if (PQconnectionNeedsPassword(connection) != 0 || std::ranges::any_of(refusals, says)) {
        return true;
    }
    if (mode != Connection::Mode::replication) {
        return false;
    }
    auto ordinary = Connection::open(url);
    const auto may = ordinary ? may_stream(*ordinary) : Result<bool>(true);
    return may && !*may;
}

}  // namespace

// One table of settings: its lines are its length. NOLINTNEXTLINE(readability-function-size)
Result<Connection> Connection::open(const std::string& url, Mode mode) {
    if (!is_readable(url)) {
        return fail(ErrorKind::invalid,
                    "cannot read the connection URL of the source: it has not the form "
                    "postgres://user@host:port/database, or a character in it needs %-encoding");
    }
    // Text forms must not depend on the server's configuration, in a stream neither.
    constexpr std::string_view forms =
        "-c datestyle=ISO,YMD -c timezone=UTC -c intervalstyle=postgres -c bytea_output=hex "
        "-c extra_float_digits=1 -c search_path=pg_catalog -c lc_monetary=C "
        "-c quote_all_identifiers=off -c standard_conforming_strings=on";
    // How long something may last is the server's to say. But a slot is made by waiting for others
    // as for a lock, its snapshot is kept by a transaction that idles, and a stream has no end.
    constexpr std::string_view unlimited =
        " -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0";
    const std::string settings =
        fmt::format("{}{}", forms, mode == Mode::replication ? unlimited : "");
    const char* replication = mode == Mode::replication ? "replication" : nullptr;
    const std::array<const char*, 10> names{"dbname",           "connect_timeout",
                                            "keepalives_idle",  "keepalives_interval",
                                            "keepalives_count", "fallback_application_name",
                                            "client_encoding",  "options",
                                            replication,        nullptr};
    const std::array<const char*, 10> values{
        url.c_str(), "10", "30", "10", "3", "weir", "UTF8", settings.c_str(), "database", nullptr};
    Connection connection(PQconnectdbParams(names.data(), values.data(), 1));
    PGconn* raw = connection.connection_.get();
    if (PQstatus(raw) != CONNECTION_OK && is_service_missing(raw)) {
        return fail(ErrorKind::invalid, "cannot read the connection URL of the source: {}",
                    first_line(PQerrorMessage(raw)));
    }
    if (PQstatus(raw) != CONNECTION_OK && is_pooler_refusal(PQerrorMessage(raw))) {
        return fail(ErrorKind::unsupported,
                    "a pooler answers in place of PostgreSQL: connect to the server itself; {}; it "
                    "said: {}",
                    direct_address(connection.host()), first_line(PQerrorMessage(raw)));
    }
    if (PQstatus(raw) != CONNECTION_OK) {
        return fail(is_refused(raw, url, mode) ? ErrorKind::denied : ErrorKind::unavailable,
                    "cannot connect to PostgreSQL: {}", first_line(PQerrorMessage(raw)));
    }
    // A server without an encoding would refuse to send text that is no UTF-8.
    const char* encoding = PQparameterStatus(raw, "server_encoding");
    if (encoding != nullptr && std::string_view(encoding) == "SQL_ASCII" &&
        PQsetClientEncoding(raw, encoding) != 0) {
        return went_away(raw);
    }
    PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
    if (mode == Mode::replication && connection.server_version() >= knows_transaction_timeout) {
        TRY(connection.execute("SET transaction_timeout = 0"));
    }
    return connection;
}

Status Connection::execute(const std::string& statements) {
    const ResultHandle result(PQexec(connection_.get(), statements.c_str()));
    if (!is_done(result.get())) {
        return server_error(result.get(), connection_.get());
    }
    return {};
}

Result<std::vector<TextRow>> Connection::query(const std::string& statement) {
    const ResultHandle result(PQexec(connection_.get(), statement.c_str()));
    if (!is_done(result.get())) {
        return server_error(result.get(), connection_.get());
    }
    return rows_of(result.get());
}

Result<std::vector<TextRow>> Connection::query(const std::string& statement,
                                               const std::function<Status()>& go_on) {
    PGconn* raw = connection_.get();
    constexpr std::chrono::milliseconds pause{200};
    Status judged;
    const bool sent = PQsendQuery(raw, statement.c_str()) == 1;
    while (sent && judged && PQisBusy(raw) != 0) {
        TRY_LET(const bool came, wait_for_input(pause));
        judged = came ? Status() : go_on();
    }
    if (!judged) {
        cancel();
    }
    const ResultHandle result(PQgetResult(raw));
    while (const ResultHandle more{PQgetResult(raw)}) {
    }
    TRY(judged);
    if (!is_done(result.get())) {
        return server_error(result.get(), raw);
    }
    return rows_of(result.get());
}

Result<bool> Connection::wait_for_input(std::chrono::milliseconds wait) {
    pollfd watched{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
    const bool came = poll(&watched, 1, static_cast<int>(wait.count())) > 0;
    TRY(came ? take_input() : Status());
    return came;
}

Status Connection::await_input(int descriptor, std::chrono::milliseconds wait) {
    std::array<pollfd, 2> watched{
        pollfd{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0},
        pollfd{.fd = descriptor, .events = POLLIN, .revents = 0}};
    poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
    return watched[0].revents != 0 ? take_input() : Status();
}

Status Connection::take_input() {
    if (PQconsumeInput(connection_.get()) == 0) {
        return went_away(connection_.get());
    }
    return {};
}

void Connection::cancel() {
    struct FreeCancel {
        void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
    };
    const std::unique_ptr<PGcancel, FreeCancel> request(PQgetCancel(connection_.get()));
    std::array<char, 256> ignored{};
    if (request != nullptr) {
        PQcancel(request.get(), ignored.data(), static_cast<int>(ignored.size()));
    }
}

Status Connection::begin_copy_out(const std::string& statement) {
    const ResultHandle result(PQexec(connection_.get(), statement.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COPY_OUT && status != PGRES_COPY_BOTH) {
        return server_error(result.get(), connection_.get());
    }
    return {};
}

Result<std::optional<std::span<const std::byte>>> Connection::take_copy(bool wait) {
    char* buffer = nullptr;
    const int size = PQgetCopyData(connection_.get(), &buffer, wait ? 0 : 1);
    message_.reset(buffer);
    if (size > 0) {
        return std::as_bytes(std::span(buffer, static_cast<std::size_t>(size)));
    }
    if (size == 0) {
        return std::span<const std::byte>();
    }
    if (size == -2) {
        return went_away(connection_.get());
    }
    ResultHandle result(PQgetResult(connection_.get()));
    if (!is_done(result.get())) {
        return server_error(result.get(), connection_.get());
    }
    while (result != nullptr) {
        result.reset(PQgetResult(connection_.get()));
    }
    return std::nullopt;
}

Result<std::optional<std::span<const std::byte>>> Connection::read_copy() {
    return take_copy(true);
}

Result<std::optional<std::span<const std::byte>>> Connection::try_read_copy() {
    // A record of TLS may have more than libpq's buffer takes at once; the socket does not tell.
    const int looks = PQsslInUse(connection_.get()) == 1 ? 2 : 1;
    TRY_LET(auto message, take_copy(false));
    for (int look = 0; look < looks && message && message->empty(); ++look) {
        TRY(take_input());
        TRY_LET(message, take_copy(false));
    }
    return message;
}

Status Connection::end_copy() {
    PGconn* raw = connection_.get();
    if (PQtransactionStatus(raw) == PQTRANS_ACTIVE) {
        cancel();
    }
    for (ResultHandle result(PQgetResult(raw)); result != nullptr; result.reset(PQgetResult(raw))) {
        char* buffer = nullptr;
        while (PQresultStatus(result.get()) == PGRES_COPY_OUT &&
               PQgetCopyData(raw, &buffer, 0) > 0) {
            PQfreemem(buffer);
        }
    }
    if (PQstatus(raw) != CONNECTION_OK) {
        return server_error(nullptr, raw);
    }
    return {};
}

Status Connection::write_copy(std::span<const std::byte> message) {
    // libpq takes `char`; the bytes are ours and stay so.
    const char* bytes = as_text(message).data();
    if (PQputCopyData(connection_.get(), bytes, static_cast<int>(message.size())) != 1 ||
        PQflush(connection_.get()) < 0) {
        return went_away(connection_.get());
    }
    return {};
}

int Connection::process() const {
    return PQbackendPID(connection_.get());
}

std::string Connection::host() const {
    const char* host = PQhost(connection_.get());
    return host == nullptr ? "" : host;
}

int Connection::server_version() const {
    return PQserverVersion(connection_.get());
}

std::string Connection::quote_identifier(std::string_view name) const {
    const std::unique_ptr<char, Free> text(
        PQescapeIdentifier(connection_.get(), name.data(), name.size()));
    return text == nullptr ? std::string() : std::string(text.get());
}

std::string Connection::quote_literal(std::string_view text) const {
    const std::unique_ptr<char, Free> quoted(
        PQescapeLiteral(connection_.get(), text.data(), text.size()));
    return quoted == nullptr ? std::string() : std::string(quoted.get());
}

}  // namespace weir::capture::postgres
