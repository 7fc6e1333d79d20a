#pragma once

#include "base/result.h"
#include "quality/suite.h"
#include "quality/suite_result.h"
#include "sql/sql_session.h"

namespace weir::quality {

/// Evaluates a suite natively: one SELECT a table, in one read-only snapshot if the caller has
/// begun a transaction. An expectation that cannot be evaluated (no such column, a value of another
/// type) has failed, with its exception; fails only if the warehouse does. One thread at a time.
Result<SuiteResult> evaluate_suite(sql::SqlSession& session, const Suite& suite);

}  // namespace weir::quality
