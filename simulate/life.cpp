#include "simulate/life.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "simulate/claim_life.h"
#include "simulate/member_life.h"

namespace weir::simulate {
namespace {

constexpr Micros transaction_interval = 60 * micros_per_second;
constexpr std::int64_t bulk_rows_max = 100'000;

using Act = bool (*)(Draft&, Model&, Draws&);

struct Kind {
    std::int64_t weight;
    std::int64_t repeat_max;  // One transaction does it once to so many times.
    Act act;
};

constexpr Kind kinds[] = {
    {300, 3, receive_claim},   {220, 4, adjudicate_claim},  {180, 5, pay_claim},
    {50, 2, adjust_claim},     {20, 1, void_claim},         {15, 1, purge_claim},
    {55, 2, annotate_claim},   {10, 1, rewrite_note},       {5, 1, touch_claim_often},
    {12, 1, renumber_line},    {45, 2, move_family},        {12, 1, marry},
    {15, 1, lose_eligibility}, {15, 1, regain_eligibility}, {10, 1, change_plan},
    {8, 1, renumber_span},     {15, 2, enrol_member},       {12, 1, confirm_member},
    {30, 1, set_email},        {12, 1, change_provider},    {1, 1, rename_plan},
};

void do_something(Draft& draft, Model& model, Draws& draws) {
    std::int64_t sum = 0;
    for (const Kind& kind : kinds) {
        sum += kind.weight;
    }
    std::int64_t at = draws.below(sum);
    const Kind* kind = std::begin(kinds);
    for (; at >= kind->weight; ++kind) {
        at -= kind->weight;
    }
    bool done = false;
    for (std::int64_t times = draws.between(1, kind->repeat_max); times > 0; --times) {
        done = kind->act(draft, model, draws) || done;
    }
    if (!done && !receive_claim(draft, model, draws)) {
        rename_plan(draft, model, draws);
    }
}

// The progress is committed with what it counts; a transaction that rolls back is counted by the
// next commit.
std::string whole_transaction(std::int64_t number, bool rolls_back, std::string body) {
    std::string sql = "BEGIN;\n" + std::move(body);
    if (rolls_back) {
        sql += "ROLLBACK;\nBEGIN;\n";
    }
    fmt::format_to(std::back_inserter(sql),
                   "UPDATE claims_simulation.progress SET transaction_number = {};\n", number);
    if (number % milestone_distance == 0) {
        fmt::format_to(
            std::back_inserter(sql),
            "INSERT INTO claims_simulation.milestone VALUES ({}, pg_current_xact_id());\n", number);
    }
    return sql + "COMMIT;\n";
}

}  // namespace

Life::Life(Settings settings, Keeps keeps)
    : settings_(settings), model_(Origin(settings.seed, settings.scale)), keeps_(keeps) {
    if (keeps == Keeps::truth) {
        truth_ = Truth::of(model_);
    }
}

Transaction Life::next() {
    return advance(true);
}

void Life::skip() {
    advance(false);
}

void Life::fill_bulk(Draft& draft) const {
    const std::int64_t wanted =
        std::min(bulk_rows_max, std::max<std::int64_t>(1, settings_.scale / 4));
    std::int64_t rows = 0;
    std::int64_t last = 0;
    while (rows < wanted && last < model_.origin().claim_count()) {
        const Claim claim = model_.claim(++last);
        rows += claim.exists ? 1 + static_cast<std::int64_t>(claim.lines.size()) : 0;
    }
    draft.change_bulk(last);
}

// Returns whether the transaction rolls back.
bool Life::fill(Draft& draft, Draws& draws) {
    if (number_ == settings_.bulk_at) {
        fill_bulk(draft);
        return false;
    }
    if (number_ == settings_.alter_at) {
        draft.add_email_column();
        return false;
    }
    const std::int64_t outcome = draws.below(1000);
    do_something(draft, model_, draws);
    if (outcome < 40) {
        draft.savepoint();
        do_something(draft, model_, draws);
        draft.rollback_to_savepoint();
        do_something(draft, model_, draws);
    }
    return outcome >= 980;
}

Transaction Life::advance(bool wants_sql) {
    ++number_;
    Draws draws(settings_.seed, Stream::transaction, number_);
    Draft::Options options;
    options.now = simulation_start + number_ * transaction_interval +
                  draws.below(60'000'000) % transaction_interval;
    options.truth = keeps_ == Keeps::truth ? &truth_ : nullptr;
    options.wants_sql = wants_sql;
    Draft draft(model_, options);
    const bool rolls_back = fill(draft, draws);
    Transaction transaction{number_, {}, rolls_back ? 0 : draft.rows()};
    if (!rolls_back) {
        draft.apply(model_);
        truth_ = draft.truth();
    }
    if (wants_sql) {
        transaction.sql = whole_transaction(number_, rolls_back, std::move(draft).finish_sql());
    }
    return transaction;
}

}  // namespace weir::simulate
