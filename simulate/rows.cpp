#include "simulate/rows.h"

#include <fmt/format.h>

#include "simulate/claim_text.h"
#include "simulate/codes.h"
#include "simulate/draw.h"

namespace weir::simulate {
namespace {

// Events and payments get the numbers of their claim times this, plus their place.
constexpr std::int64_t per_claim = 1000;

using Text = fmt::basic_memory_buffer<char, 120>;

template <typename... Args>
void add_text(Row& row, fmt::format_string<Args...> format, Args&&... args) {
    Text text;
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
    row.text({text.data(), text.size()});
}

// Null, blank and present must stay apart on the whole way.
void add_address(Row& row, Draws& draws) {
    const std::int64_t kind = draws.below(100);
    if (kind < 3) {
        row.null();
    } else if (kind < 6) {
        row.text("");
    } else {
        add_text(row, "{} {}", draws.between(1, 9999), draws.pick(streets));
    }
}

void add_person(Row& row, std::uint64_t seed, const Member& member) {
    Draws draws(seed, Stream::member, member.person);
    Draws name(seed, Stream::family, member.family, member.name_version);
    add_text(row, "{}{}", draws.pick(first_names), draws.between(10, 999));
    add_text(row, "{}{}", name.pick(last_names), name.between(10, 999));
    row.date(static_cast<Day>(draws.between(day_of(1931, 1, 1), day_of(2023, 6, 30))));
    row.text(draws.chance(505) ? "F" : draws.chance(990) ? "M" : "U");
    if (draws.chance(20)) {
        row.null();
    } else {
        add_text(row, "9{:02}-{:02}-{:04}", draws.below(100), draws.between(1, 99),
                 draws.between(1, 9999));
    }
}

}  // namespace

void plan_row(Row& row, std::uint64_t seed, const Plan& plan) {
    Draws draws(seed, Stream::plan, plan.id);
    const std::string_view business = draws.pick(lines_of_business);
    row.clear().number(plan.id);
    add_text(row, "Plan {} edition {}", plan.id, plan.name_version + 1);
    row.text(business);
    if (business == "commercial") {
        row.text(draws.pick(metals));
    } else {
        row.null();
    }
}

void provider_row(Row& row, std::uint64_t seed, const Provider& provider) {
    Draws name(seed, Stream::provider, provider.id, provider.name_version);
    Draws specialty(seed, Stream::provider, provider.id, 1'000'000 + provider.specialty_version);
    Draws address(seed, Stream::provider, provider.id, 2'000'000 + provider.address_version);
    row.clear().number(provider.id);
    add_text(row, "1{:09}", provider.id);
    add_text(row, "{}{} {}", name.pick(last_names), name.between(10, 999), name.pick(practices));
    row.text(specialty.pick(specialties));
    add_address(row, address);
    row.text(provider.par ? "par" : "non-par");
}

void member_row(Row& row, std::uint64_t seed, const Member& member, bool has_email) {
    row.clear().number(member.id).number(member.subscriber_id);
    add_person(row, seed, member);
    Draws address(seed, Stream::member, member.person, 1'000'000 + member.address_version);
    add_address(row, address);
    const City& city = address.pick(cities);
    row.text(city.name).text(city.state);
    add_text(row, "{:05}", city.zip);
    row.moment(member.updated_at);
    if (has_email && member.email_version == 0) {
        row.null();
    } else if (has_email) {
        add_text(row, "m{}.{}@example.org", member.person, member.email_version);
    }
}

void span_row(Row& row, const Member& member, const Span& span) {
    row.clear().number(span.id).number(member.id).number(span.plan_id);
    row.date(span.from).date(span.to).text(to_string(span.reason));
}

void claim_row(Row& row, std::uint64_t seed, const Claim& claim, const Price& total) {
    row.clear().number(claim.id).number(claim.member_id).number(claim.provider_id);
    row.number(claim.plan_id).text(claim.institutional ? "institutional" : "professional");
    row.text(to_string(claim.status)).date(claim.service_from).date(claim.service_to);
    row.date(claim.received);
    if (claim.paid == no_day) {
        row.null();
    } else {
        row.date(claim.paid);
    }
    row.money(total.billed).money(total.allowed).money(total.paid);
    add_attachments(row, seed, claim.id, claim.attachments_version);
    add_note(row, seed, claim.id, claim.note_version);
    row.moment(claim.updated_at);
}

void line_row(Row& row, std::uint64_t seed, const Claim& claim, const Line& line) {
    Draws draws(seed, Stream::line, claim.id, line.origin);
    const Price price = price_of(seed, claim, line);
    row.clear().number(claim.id).number(line.number).text(draws.pick(procedures));
    row.number(draws.between(1, 4) + line.units_added);
    row.date(claim.service_from +
             static_cast<Day>(draws.below(claim.service_to - claim.service_from + 1)));
    row.money(price.billed).money(price.allowed).money(price.paid);
    row.money(price.deductible).money(price.copay).money(price.coinsurance);
}

void diagnosis_row(Row& row, std::uint64_t seed, const Claim& claim, std::int64_t sequence) {
    Draws draws(seed, Stream::diagnosis, claim.id, static_cast<std::uint64_t>(sequence));
    row.clear().number(claim.id).number(sequence).text(draws.pick(diagnoses));
    if (claim.institutional) {
        row.boolean(draws.chance(700));
    } else {
        row.null();
    }
}

void event_row(Row& row, const Claim& claim, std::size_t at) {
    const StatusEvent& event = claim.events[at];
    row.clear().number(claim.id * per_claim + static_cast<std::int64_t>(at)).number(claim.id);
    row.text(to_string(event.status)).text(event.manual ? "manual" : "auto");
    row.moment(event.occurred_at);
}

void payment_row(Row& row, const Claim& claim, std::size_t at) {
    const Payment& payment = claim.payments[at];
    row.clear().number(claim.id * per_claim + static_cast<std::int64_t>(at)).number(claim.id);
    row.money(payment.amount).text(payment.by_check ? "check" : "eft").date(payment.day);
}

}  // namespace weir::simulate
