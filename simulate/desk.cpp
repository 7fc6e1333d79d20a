#include "simulate/desk.h"

#include <algorithm>

#include "base/assert.h"
#include "simulate/rows.h"

namespace weir::simulate {
namespace {

// Two rows that are filled again and again.
struct Pair {
    Row before;
    Row after;
};

Pair& pair() {
    static thread_local Pair rows;
    return rows;
}

void save_span(Desk& desk, const Member* before, const Member& after, const Span& span) {
    auto& [old_row, new_row] = pair();
    span_row(new_row, after, span);
    const Span* old = nullptr;
    if (before != nullptr) {
        const auto found = std::ranges::find(before->spans, span.id, &Span::id);
        old = found == before->spans.end() ? nullptr : &*found;
    }
    if (old == nullptr) {
        desk.transcript.insert(Table::eligibility_span, new_row);
        return;
    }
    span_row(old_row, *before, *old);
    if (before->id != after.id) {
        desk.transcript.follow(Table::eligibility_span, old_row, new_row);  // ON UPDATE CASCADE
    } else {
        desk.transcript.update(Table::eligibility_span, old_row, new_row);
    }
}

void remove_lost_spans(Desk& desk, const Member& before, const Member& after) {
    for (const Span& span : before.spans) {
        if (std::ranges::find(after.spans, span.id, &Span::id) == after.spans.end()) {
            span_row(pair().before, before, span);
            desk.transcript.remove(Table::eligibility_span, pair().before);
        }
    }
}

void save_header(Desk& desk, const Claim* before, const Claim& after) {
    const std::uint64_t seed = desk.world.seed();
    auto& [old_row, new_row] = pair();
    claim_row(new_row, seed, after, price_of(seed, after));
    if (before == nullptr) {
        desk.transcript.insert(Table::claim, new_row);
        return;
    }
    claim_row(old_row, seed, *before, price_of(seed, *before));
    desk.transcript.update(Table::claim, old_row, new_row);
}

void save_lines(Desk& desk, const Claim* before, const Claim& after) {
    const std::uint64_t seed = desk.world.seed();
    auto& [old_row, new_row] = pair();
    for (std::size_t at = 0; at < after.lines.size(); ++at) {
        line_row(new_row, seed, after, after.lines[at]);
        if (before == nullptr || at >= before->lines.size()) {
            desk.transcript.insert(Table::claim_line, new_row);
        } else {
            line_row(old_row, seed, *before, before->lines[at]);
            desk.transcript.update(Table::claim_line, old_row, new_row);
        }
    }
}

void save_diagnoses(Desk& desk, std::int64_t known, const Claim& after) {
    Row& row = pair().after;
    for (std::int64_t sequence = known + 1; sequence <= after.diagnosis_count; ++sequence) {
        diagnosis_row(row, desk.world.seed(), after, sequence);
        desk.transcript.insert(Table::claim_diagnosis, row);
    }
    for (std::int64_t sequence = known; sequence > after.diagnosis_count; --sequence) {
        diagnosis_row(row, desk.world.seed(), after, sequence);
        desk.transcript.remove(Table::claim_diagnosis, row);
    }
}

void append_events_and_payments(Desk& desk, const Claim* before, const Claim& after) {
    Row& row = pair().after;
    for (std::size_t at = before == nullptr ? 0 : before->events.size(); at < after.events.size();
         ++at) {
        event_row(row, after, at);
        desk.transcript.insert(Table::claim_status_event, row);
    }
    for (std::size_t at = before == nullptr ? 0 : before->payments.size();
         at < after.payments.size(); ++at) {
        payment_row(row, after, at);
        desk.transcript.insert(Table::payment, row);
    }
}

void remove_claim(Desk& desk, const Claim& claim) {
    const std::uint64_t seed = desk.world.seed();
    Row& row = pair().before;
    for (std::size_t at = claim.payments.size(); at-- > 0;) {
        payment_row(row, claim, at);
        desk.transcript.remove(Table::payment, row);
    }
    for (std::size_t at = claim.events.size(); at-- > 0;) {
        event_row(row, claim, at);
        desk.transcript.remove(Table::claim_status_event, row);
    }
    for (std::int64_t sequence = claim.diagnosis_count; sequence > 0; --sequence) {
        diagnosis_row(row, seed, claim, sequence);
        desk.transcript.remove(Table::claim_diagnosis, row);
    }
    for (const Line& line : claim.lines) {
        line_row(row, seed, claim, line);
        desk.transcript.remove(Table::claim_line, row);
    }
    claim_row(row, seed, claim, price_of(seed, claim));
    desk.transcript.remove(Table::claim, row);
}

}  // namespace

void save(Desk& desk, const Plan& after) {
    auto& [old_row, new_row] = pair();
    plan_row(old_row, desk.world.seed(), desk.world.plan(after.id));
    plan_row(new_row, desk.world.seed(), after);
    desk.transcript.update(Table::plan, old_row, new_row);
    desk.world.put(after);
}

void save(Desk& desk, const Provider& after) {
    auto& [old_row, new_row] = pair();
    provider_row(old_row, desk.world.seed(), desk.world.provider(after.id));
    provider_row(new_row, desk.world.seed(), after);
    desk.transcript.update(Table::provider, old_row, new_row);
    desk.world.put(after);
}

void save(Desk& desk, const Member* before, const Member& after) {
    auto& [old_row, new_row] = pair();
    member_row(new_row, desk.world.seed(), after, desk.has_email);
    if (before == nullptr) {
        desk.transcript.insert(Table::member, new_row);
    } else {
        member_row(old_row, desk.world.seed(), *before, desk.has_email);
        desk.transcript.update(Table::member, old_row, new_row);
        remove_lost_spans(desk, *before, after);
    }
    for (const Span& span : after.spans) {
        save_span(desk, before, after, span);
    }
    desk.world.put(after);
}

void save(Desk& desk, const Claim* before, const Claim& after) {
    if (!after.exists) {
        WEIR_ASSERT(before != nullptr);
        remove_claim(desk, *before);
    } else {
        save_header(desk, before, after);
        save_lines(desk, before, after);
        save_diagnoses(desk, before == nullptr ? 0 : before->diagnosis_count, after);
        append_events_and_payments(desk, before, after);
    }
    desk.world.put(after);
}

}  // namespace weir::simulate
