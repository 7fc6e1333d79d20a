#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "sql/sql_session.h"

namespace weir::sql {

/// What happens at the call that a `FaultySession` was told to break.
enum class SessionFault {
    refused,         // It fails with `unavailable` and has done nothing; later calls work again.
    in_doubt,        // It is done and fails with `in_doubt`; later calls work again.
    stopped_before,  // The process dies before it.
    stopped_after,   // The process dies after it.
};

/// A session of a warehouse, for tests, that breaks one call by its number. One thread at a time.
class FaultySession final : public SqlSession {
public:
    /// Called for each call; returns whether it is the one to break.
    using IsDue = std::function<bool()>;

    /// `die` ends the process.
    FaultySession(std::unique_ptr<SqlSession> session, SessionFault fault, IsDue is_due,
                  std::function<void()> die)
        : session_(std::move(session)),
          fault_(fault),
          is_due_(std::move(is_due)),
          die_(std::move(die)) {}

    Result<std::uint64_t> execute(std::string_view statements) override {
        return run([&] { return session_->execute(statements); });
    }
    Result<Rows> query(std::string_view statement) override {
        return run([&] { return session_->query(statement); });
    }
    Status append(std::string_view schema, std::string_view table,
                  const arrow::RecordBatch& rows) override {
        return run([&] { return session_->append(schema, table, rows); });
    }

private:
    template <typename Call>
    auto run(const Call& call) -> decltype(call()) {
        if (!is_due_()) {
            return call();
        }
        if (fault_ == SessionFault::refused) {
            return fail(ErrorKind::unavailable, "the statement was refused by a test");
        }
        if (fault_ == SessionFault::stopped_before) {
            die_();
        }
        auto result = call();
        if (fault_ == SessionFault::stopped_after) {
            die_();
        }
        if (!result) {
            return result;
        }
        return fail(ErrorKind::in_doubt, "the statement was broken by a test");
    }

    std::unique_ptr<SqlSession> session_;
    SessionFault fault_;
    IsDue is_due_;
    std::function<void()> die_;
};

}  // namespace weir::sql
