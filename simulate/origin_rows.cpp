#include "simulate/origin_rows.h"

#include <algorithm>

#include "simulate/rows.h"

namespace weir::simulate {
namespace {

constexpr std::int64_t part_entities = 10'000;

using Take = std::function<void(const Row&)>;

std::int64_t entities(const Origin& origin, Table table) {
    switch (table) {
        case Table::plan: return origin.plans();
        case Table::provider: return origin.providers();
        case Table::member:
        case Table::eligibility_span: return origin.members();
        default: return origin.claims();
    }
}

void take_member(Row& row, std::uint64_t seed, Table table, const Member& member,
                 const Take& take) {
    if (table == Table::member) {
        member_row(row, seed, member, false);
        take(row);
        return;
    }
    for (const Span& span : member.spans) {
        span_row(row, member, span);
        take(row);
    }
}

void take_dependents(Row& row, std::uint64_t seed, Table table, const Claim& claim,
                     const Take& take) {
    const std::size_t count = table == Table::claim_status_event ? claim.events.size()
                              : table == Table::payment
                                  ? claim.payments.size()
                                  : static_cast<std::size_t>(claim.diagnosis_count);
    for (std::size_t at = 0; at < count; ++at) {
        if (table == Table::claim_status_event) {
            event_row(row, claim, at);
        } else if (table == Table::payment) {
            payment_row(row, claim, at);
        } else {
            diagnosis_row(row, seed, claim, static_cast<std::int64_t>(at) + 1);
        }
        take(row);
    }
}

void take_claim(Row& row, std::uint64_t seed, Table table, const Claim& claim, const Take& take) {
    if (table == Table::claim) {
        claim_row(row, seed, claim, price_of(seed, claim));
        take(row);
    } else if (table == Table::claim_line) {
        for (const Line& line : claim.lines) {
            line_row(row, seed, claim, line);
            take(row);
        }
    } else {
        take_dependents(row, seed, table, claim, take);
    }
}

}  // namespace

std::vector<OriginPart> parts_of(const Origin& origin) {
    std::vector<OriginPart> parts;
    for (const Table table : all_tables) {
        const std::int64_t end = entities(origin, table);
        for (std::int64_t first = 1; first <= end; first += part_entities) {
            parts.push_back({table, first, std::min(end, first + part_entities - 1)});
        }
    }
    return parts;
}

void for_each_row(const Origin& origin, const OriginPart& part, const Take& take) {
    const std::uint64_t seed = origin.setting().seed;
    Row row;
    for (std::int64_t number = part.first; number <= part.last; ++number) {
        if (part.table == Table::plan) {
            plan_row(row, seed, origin.plan(number));
            take(row);
        } else if (part.table == Table::provider) {
            provider_row(row, seed, origin.provider(number));
            take(row);
        } else if (part.table <= Table::eligibility_span) {
            take_member(row, seed, part.table, origin.member(number), take);
        } else {
            take_claim(row, seed, part.table, origin.claim(number), take);
        }
    }
}

}  // namespace weir::simulate
