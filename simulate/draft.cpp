#include "simulate/draft.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "simulate/rows.h"

namespace weir::simulate {
namespace {

Plan stored(const Model& model, const Plan* /*kind*/, std::int64_t id) {
    return model.plan(id);
}
Provider stored(const Model& model, const Provider* /*kind*/, std::int64_t id) {
    return model.provider(id);
}
Member stored(const Model& model, const Member* /*kind*/, std::int64_t id) {
    return model.member(id);
}
Claim stored(const Model& model, const Claim* /*kind*/, std::int64_t id) {
    return model.claim(id);
}

bool same(const Row& left, const Row& right) {
    for (std::size_t at = 0; at < left.size(); ++at) {
        if (!left.same_value(right, at)) {
            return false;
        }
    }
    return left.size() == right.size();
}

}  // namespace

Draft::Draft(const Model& model, Options options) : model_(model), options_(options) {
    if (options.truth != nullptr) {
        truth_ = *options.truth;
    }
}

template <typename T>
T Draft::current(std::int64_t id) const {
    for (auto entity = changed_.rbegin(); entity != changed_.rend(); ++entity) {
        if (const T* value = std::get_if<T>(&*entity); value != nullptr && value->id == id) {
            return *value;
        }
    }
    return stored(model_, static_cast<const T*>(nullptr), id);
}

template Plan Draft::current<Plan>(std::int64_t) const;
template Provider Draft::current<Provider>(std::int64_t) const;
template Member Draft::current<Member>(std::int64_t) const;
template Claim Draft::current<Claim>(std::int64_t) const;

template <typename T>
std::int64_t Draft::next_id(std::int64_t last) const {
    for (const Entity& entity : changed_) {
        if (const T* value = std::get_if<T>(&entity)) {
            last = std::max(last, value->id);
        }
    }
    return last + 1;
}

template std::int64_t Draft::next_id<Provider>(std::int64_t) const;
template std::int64_t Draft::next_id<Member>(std::int64_t) const;
template std::int64_t Draft::next_id<Claim>(std::int64_t) const;

std::int64_t Draft::next_member_id() const {
    std::int64_t last = model_.member_last();
    for (const Entity& entity : changed_) {
        const auto* member = std::get_if<Member>(&entity);
        if (member != nullptr && member->id <= provisional_base) {
            last = std::max(last, member->id);
        }
    }
    return last + 1;
}

void Draft::record(Table table, const Row* before, const Row* after, bool in_sql) {
    if (before != nullptr && after != nullptr && same(*before, *after)) {
        return;
    }
    ++rows_;
    if (options_.truth != nullptr && before != nullptr) {
        truth_[table].remove(*before);
    }
    if (options_.truth != nullptr && after != nullptr) {
        truth_[table].add(*after);
    }
    if (!options_.wants_sql || !in_sql) {
        return;
    }
    if (before == nullptr) {
        sql_.insert(table, *after);
    } else if (after == nullptr) {
        sql_.remove(table, *before);
    } else {
        sql_.update(table, *before, *after);
    }
}

void Draft::change(const Plan& after) {
    Row old_row;
    Row new_row;
    plan_row(old_row, seed(), plan(after.id));
    plan_row(new_row, seed(), after);
    record(Table::plan, &old_row, &new_row);
    changed_.emplace_back(after);
}

void Draft::change(const Provider& after) {
    Row old_row;
    Row new_row;
    const bool is_new = after.id == next_provider_id();
    provider_row(old_row, seed(), provider(after.id));
    provider_row(new_row, seed(), after);
    record(Table::provider, is_new ? nullptr : &old_row, &new_row);
    changed_.emplace_back(after);
}

void Draft::change(const Member& after) {
    const Member before = member(after.id);
    Row old_row;
    Row new_row;
    if (before.exists) {
        member_row(old_row, seed(), before, model_.has_email());
    }
    if (after.exists) {
        member_row(new_row, seed(), after, model_.has_email());
        record(Table::member, before.exists ? &old_row : nullptr, &new_row);
        change_spans(before, after);
    } else {
        change_spans(before, after);
        record(Table::member, &old_row, nullptr);
    }
    changed_.emplace_back(after);
}

// Spans are matched by place where the numbers of spans agree (then a span may change its key), and
// by key where they do not.
void Draft::change_spans(const Member& before, const Member& after) {
    Row old_row;
    Row new_row;
    const bool by_place = before.spans.size() == after.spans.size();
    const auto match = [&](const std::vector<Span>& spans, std::size_t place, std::int64_t id) {
        const auto found = by_place ? spans.begin() + static_cast<std::ptrdiff_t>(place)
                                    : std::find_if(spans.begin(), spans.end(),
                                                   [&](const Span& span) { return span.id == id; });
        return found == spans.end() ? nullptr : &*found;
    };
    for (std::size_t at = 0; at < before.spans.size(); ++at) {
        const Span* kept = match(after.spans, at, before.spans[at].id);
        span_row(old_row, before, before.spans[at]);
        if (kept != nullptr) {
            span_row(new_row, after, *kept);
        }
        record(Table::eligibility_span, &old_row, kept != nullptr ? &new_row : nullptr);
    }
    for (std::size_t at = 0; at < after.spans.size(); ++at) {
        if (match(before.spans, at, after.spans[at].id) == nullptr) {
            span_row(new_row, after, after.spans[at]);
            record(Table::eligibility_span, nullptr, &new_row);
        }
    }
}

void Draft::change_id(const Member& before, std::int64_t id) {
    Member after = before;
    after.id = id;
    Row old_row;
    Row new_row;
    member_row(old_row, seed(), before, model_.has_email());
    member_row(new_row, seed(), after, model_.has_email());
    record(Table::member, &old_row, &new_row);
    for (std::size_t at = 0; at < before.spans.size(); ++at) {
        span_row(old_row, before, before.spans[at]);
        span_row(new_row, after, after.spans[at]);
        record(Table::eligibility_span, &old_row, &new_row, false);
    }
    Member gone;
    gone.id = before.id;
    gone.exists = false;
    changed_.emplace_back(gone);
    changed_.emplace_back(after);
}

void Draft::change(const Claim& after) {
    const Claim before = claim(after.id);
    if (!after.exists) {
        remove_claim(before);
        Claim gone;
        gone.id = after.id;
        gone.exists = false;
        changed_.emplace_back(gone);
        return;
    }
    Row old_row;
    Row new_row;
    if (before.exists) {
        claim_row(old_row, seed(), before, price_of(seed(), before));
    }
    claim_row(new_row, seed(), after, price_of(seed(), after));
    record(Table::claim, before.exists ? &old_row : nullptr, &new_row);
    change_children(before, after);
    changed_.emplace_back(after);
}

void Draft::change_children(const Claim& before, const Claim& after) {
    Row old_row;
    Row new_row;
    for (std::size_t at = 0; at < after.lines.size(); ++at) {
        const bool is_new = at >= before.lines.size();
        if (!is_new) {
            line_row(old_row, seed(), before, before.lines[at]);
        }
        line_row(new_row, seed(), after, after.lines[at]);
        record(Table::claim_line, is_new ? nullptr : &old_row, &new_row);
    }
    for (std::int64_t at = before.diagnosis_count + 1; at <= after.diagnosis_count; ++at) {
        diagnosis_row(new_row, seed(), after, at);
        record(Table::claim_diagnosis, nullptr, &new_row);
    }
    for (std::int64_t at = before.diagnosis_count; at > after.diagnosis_count; --at) {
        diagnosis_row(old_row, seed(), before, at);
        record(Table::claim_diagnosis, &old_row, nullptr);
    }
    for (std::size_t at = before.events.size(); at < after.events.size(); ++at) {
        event_row(new_row, after, at);
        record(Table::claim_status_event, nullptr, &new_row);
    }
    for (std::size_t at = before.payments.size(); at < after.payments.size(); ++at) {
        payment_row(new_row, after, at);
        record(Table::payment, nullptr, &new_row);
    }
}

void Draft::remove_claim(const Claim& claim) {
    Row row;
    for (std::size_t at = 0; at < claim.payments.size(); ++at) {
        payment_row(row, claim, at);
        record(Table::payment, &row, nullptr);
    }
    for (std::size_t at = 0; at < claim.events.size(); ++at) {
        event_row(row, claim, at);
        record(Table::claim_status_event, &row, nullptr);
    }
    for (std::int64_t at = 1; at <= claim.diagnosis_count; ++at) {
        diagnosis_row(row, seed(), claim, at);
        record(Table::claim_diagnosis, &row, nullptr);
    }
    for (const Line& line : claim.lines) {
        line_row(row, seed(), claim, line);
        record(Table::claim_line, &row, nullptr);
    }
    claim_row(row, seed(), claim, price_of(seed(), claim));
    record(Table::claim, &row, nullptr);
}

void Draft::change_bulk(std::int64_t last_claim) {
    WEIR_ASSERT(changed_.empty() && bulk_last_claim_ == 0);
    bulk_last_claim_ = last_claim;
    std::string now;
    append_moment(now, options_.now);
    sql_.add(fmt::format("UPDATE claims.claim SET updated_at = '{}' WHERE claim_id <= {}", now,
                         last_claim));
    sql_.add(fmt::format("UPDATE claims.claim_line SET units = units + 1 WHERE claim_id <= {}",
                         last_claim));
    Row old_row;
    Row new_row;
    for (std::int64_t id = 1; id <= last_claim; ++id) {
        Claim claim = model_.claim(id);
        if (!claim.exists) {
            continue;
        }
        const Price total = price_of(seed(), claim);
        claim_row(old_row, seed(), claim, total);
        claim.updated_at = options_.now;
        claim_row(new_row, seed(), claim, total);
        record(Table::claim, &old_row, &new_row, false);
        for (Line line : claim.lines) {
            line_row(old_row, seed(), claim, line);
            ++line.units_added;
            line_row(new_row, seed(), claim, line);
            record(Table::claim_line, &old_row, &new_row, false);
        }
    }
}

void Draft::add_email_column() {
    WEIR_ASSERT(changed_.empty() && !model_.has_email());
    adds_email_ = true;
    sql_.add("ALTER TABLE claims.member ADD COLUMN email text");
    if (options_.truth != nullptr) {
        Model after = model_;
        after.put_email_column();
        truth_[Table::member] = Fingerprint();
        for_each_row(after, Table::member, [&](const Row& row) { truth_[Table::member].add(row); });
    }
}

void Draft::savepoint() {
    WEIR_ASSERT(!savepoint_);
    savepoint_ = Savepoint{changed_.size(), rows_, truth_};
    sql_.add("SAVEPOINT attempt");
}

void Draft::rollback_to_savepoint() {
    WEIR_ASSERT(savepoint_.has_value());
    changed_.resize(savepoint_->changed);
    rows_ = savepoint_->rows;
    truth_ = savepoint_->truth;
    savepoint_.reset();
    sql_.add("ROLLBACK TO SAVEPOINT attempt");
    sql_.add("RELEASE SAVEPOINT attempt");
}

void Draft::apply(Model& model) const {
    WEIR_ASSERT(&model == &model_);
    if (bulk_last_claim_ > 0) {
        model.put_bulk(bulk_last_claim_, options_.now);
    }
    if (adds_email_) {
        model.put_email_column();
    }
    for (const Entity& entity : changed_) {
        std::visit([&](const auto& value) { model.put(value); }, entity);
    }
}

}  // namespace weir::simulate
