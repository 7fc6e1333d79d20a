#include "quality/evaluation.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <vector>

#include "quality/check_plan.h"
#include "quality/table_shape.h"

namespace weir::quality {
namespace {

/// An expectation of one table, planned, and where its outcome goes.
struct PlannedCheck {
    CheckPlan plan;
    Outcome* outcome = nullptr;
};

std::uint64_t number(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return value;
}

/// Selects the rows' count, then `considered` and `unexpected` of each check.
std::string select_of(const TableShape& shape, const std::vector<PlannedCheck>& checks) {
    std::string items = "count(*)";
    for (const PlannedCheck& check : checks) {
        if (check.plan.kind == CheckPlan::Kind::values) {
            items += fmt::format(", {}, {}",
                                 check.plan.considered.empty() ? "count(*)" : check.plan.considered,
                                 check.plan.unexpected);
        }
    }
    return fmt::format("SELECT {} FROM {}", items, shape.quoted());
}

bool lies_between(const CheckPlan& plan, std::uint64_t rows) {
    return (!plan.at_least || rows >= *plan.at_least) && (!plan.at_most || rows <= *plan.at_most);
}

void judge(const std::vector<PlannedCheck>& checks,
           const std::vector<std::optional<std::string>>& row) {
    const std::uint64_t rows = number(row[0]);
    std::size_t place = 1;
    for (const PlannedCheck& check : checks) {
        if (check.plan.kind == CheckPlan::Kind::row_count) {
            check.outcome->row_count = rows;
            check.outcome->success = lies_between(check.plan, rows);
            continue;
        }
        const ValueCounts counts{.elements = rows,
                                 .considered = number(row[place]),
                                 .unexpected = number(row[place + 1]),
                                 .counts_missing = check.plan.counts_missing};
        place += 2;
        check.outcome->counts = counts;
        check.outcome->success = counts.holds_for(check.outcome->expectation.mostly);
    }
}

bool is_of_the_statement(ErrorKind kind) {
    return kind == ErrorKind::invalid || kind == ErrorKind::not_found ||
           kind == ErrorKind::unsupported;
}

/// Evaluates checks in one SELECT; if it fails, each by itself, to see whose fault it is.
Status evaluate_together(sql::SqlSession& session, const TableShape& shape,
                         const std::vector<PlannedCheck>& checks) {
    if (checks.empty()) {
        return {};
    }
    auto found = session.query(select_of(shape, checks));
    if (found) {
        judge(checks, found->rows.at(0));
        return {};
    }
    if (!is_of_the_statement(found.error().kind())) {
        return std::unexpected(std::move(found).error());
    }
    if (checks.size() == 1) {
        checks.front().outcome->exception = found.error().to_string();
        return {};
    }
    for (const PlannedCheck& check : checks) {
        TRY(evaluate_together(session, shape, {check}));
    }
    return {};
}

Status evaluate_table(sql::SqlSession& session, const catalog::TableName& table,
                      const std::vector<Outcome*>& outcomes) {
    TRY_LET(const TableShape shape, read_shape(session, table));
    std::vector<PlannedCheck> checks;
    for (Outcome* const outcome : outcomes) {
        auto plan = plan_check(outcome->expectation, shape);
        if (!plan) {
            outcome->exception = plan.error().to_string();
        } else if (plan->kind == CheckPlan::Kind::verdict) {
            outcome->success = plan->verdict;
        } else {
            checks.push_back({.plan = *std::move(plan), .outcome = outcome});
        }
    }
    return evaluate_together(session, shape, checks);
}

}  // namespace

Result<SuiteResult> evaluate_suite(sql::SqlSession& session, const Suite& suite) {
    SuiteResult result{.suite = suite.name, .generation = suite.generation, .outcomes = {}};
    result.outcomes.reserve(suite.expectations.size());
    std::map<catalog::TableName, std::vector<Outcome*>> tables;
    for (const Expectation& expectation : suite.expectations) {
        result.outcomes.push_back({.expectation = expectation});
        tables[expectation.table].push_back(&result.outcomes.back());
    }
    for (const auto& [table, outcomes] : tables) {
        TRY(evaluate_table(session, table, outcomes).with("suite " + suite.name));
    }
    return result;
}

}  // namespace weir::quality
