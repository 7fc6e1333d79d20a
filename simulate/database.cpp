#include "simulate/database.h"

#include <utility>

namespace weir::simulate {
namespace {

std::string field(const PGresult* result, int code) {
    const char* text = result == nullptr ? nullptr : PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

std::string one_line(std::string text) {
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text.substr(0, text.find('\n'));
}

// Messages of these classes are about the server and its objects; others may quote a value.
bool tells_no_value(std::string_view state) {
    for (const std::string_view safe : {"08", "28", "3D", "3F", "42", "53", "55", "57", "58"}) {
        if (state.starts_with(safe)) {
            return true;
        }
    }
    return false;
}

}  // namespace

Result<Database> Database::connect(const std::string& url) {
    Database database(PQconnectdb(url.c_str()));
    if (PQstatus(database.connection_.get()) != CONNECTION_OK) {
        return fail(ErrorKind::unavailable,
                    "cannot connect to PostgreSQL: {}; start the server or correct --url",
                    one_line(PQerrorMessage(database.connection_.get())));
    }
    // A server that crashes must not forget what it has acknowledged: the run could not go on.
    TRY(database.run("set up the session",
                     "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET synchronous_commit = on; "
                     "SET standard_conforming_strings = on; SET client_min_messages = warning; "
                     "SET client_encoding = 'UTF8'"));
    return database;
}

std::unexpected<Error> Database::failure(std::string_view what, const PGresult* result) const {
    const std::string state = field(result, PG_DIAG_SQLSTATE);
    if (PQstatus(connection_.get()) != CONNECTION_OK || state.starts_with("57P")) {
        return fail(ErrorKind::in_doubt, "cannot {}: the connection to PostgreSQL broke", what);
    }
    std::string said = tells_no_value(state) ? ", message=" + field(result, PG_DIAG_MESSAGE_PRIMARY)
                                             : std::string();
    return fail(state == "42501" ? ErrorKind::denied : ErrorKind::invalid,
                "cannot {}: PostgreSQL refused, sqlstate={}, table={}, constraint={}{}", what,
                state, field(result, PG_DIAG_TABLE_NAME), field(result, PG_DIAG_CONSTRAINT_NAME),
                said);
}

Status Database::run(std::string_view what, const std::string& sql) {
    const Answer answer(PQexec(connection_.get(), sql.c_str()));
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        auto error = failure(what, answer.get());
        if (error.error().kind() != ErrorKind::in_doubt) {
            const Answer rollback(PQexec(connection_.get(), "ROLLBACK"));
        }
        return error;
    }
    return {};
}

Result<std::optional<std::vector<std::string>>> Database::first_row(std::string_view what,
                                                                    const std::string& sql) {
    const Answer answer(PQexec(connection_.get(), sql.c_str()));
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
        return failure(what, answer.get());
    }
    if (PQntuples(answer.get()) == 0) {
        return std::nullopt;
    }
    std::vector<std::string> row;
    row.reserve(static_cast<std::size_t>(PQnfields(answer.get())));
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
        row.emplace_back(PQgetvalue(answer.get(), 0, column));
    }
    return row;
}

Status Database::begin_copy(const std::string& target) {
    const Answer answer(PQexec(connection_.get(), ("COPY " + target + " FROM STDIN").c_str()));
    if (PQresultStatus(answer.get()) != PGRES_COPY_IN) {
        return failure("copy into " + target, answer.get());
    }
    return {};
}

Status Database::copy(std::string_view rows) {
    if (PQputCopyData(connection_.get(), rows.data(), static_cast<int>(rows.size())) != 1) {
        return failure("send rows", nullptr);
    }
    return {};
}

Status Database::finish_copy() {
    if (PQputCopyEnd(connection_.get(), nullptr) != 1) {
        return failure("finish a copy", nullptr);
    }
    const Answer answer(PQgetResult(connection_.get()));
    const bool copied = PQresultStatus(answer.get()) == PGRES_COMMAND_OK;
    auto error = failure("finish a copy", answer.get());
    while (const Answer rest{PQgetResult(connection_.get())}) {
    }
    if (!copied) {
        return error;
    }
    return {};
}

}  // namespace weir::simulate
