#pragma once

#include "base/result.h"
#include "sql/sql_session.h"

namespace weir::sql {

/// A transaction of a session, rolled back unless committed. The session outlives it.
class Transaction {
public:
    static Result<Transaction> begin(SqlSession& session) {
        TRY(session.execute("BEGIN TRANSACTION"));
        return Transaction(session);
    }
    Transaction(Transaction&& other) noexcept : session_(other.session_) {
        other.session_ = nullptr;
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction() {
        if (session_ != nullptr) {
            // Nothing is left to say: the failure that led here is already on its way up, and a
            // session whose rollback fails has lost its transaction anyway.
            static_cast<void>(session_->execute("ROLLBACK"));
        }
    }

    /// A failure other than `conflict` is `in_doubt`: read what was written before anything else.
    Status commit() && {
        auto done = session_->execute("COMMIT");
        if (!done && done.error().kind() != ErrorKind::conflict) {
            return fail(ErrorKind::in_doubt, "cannot tell whether the warehouse committed: {}",
                        done.error().to_string());
        }
        session_ = nullptr;
        return done ? Status() : Status(std::unexpected(std::move(done).error()));
    }

private:
    explicit Transaction(SqlSession& session) : session_(&session) {}

    SqlSession* session_;
};

}  // namespace weir::sql
