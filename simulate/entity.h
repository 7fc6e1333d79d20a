#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "simulate/calendar.h"
#include "simulate/row.h"

/// What the payer knows, as compact values. A value plus the seed gives every row of the entity
/// (rows.h); a `version` counts how often something was drawn anew.
namespace weir::simulate {

constexpr Day no_day = std::numeric_limits<Day>::min();

struct Plan {
    std::int64_t id = 0;
    std::uint32_t name_version = 0;
};

struct Provider {
    std::int64_t id = 0;
    std::uint32_t name_version = 0;
    std::uint32_t specialty_version = 0;
    std::uint32_t address_version = 0;
    bool par = true;
};

enum class SpanReason : std::uint8_t { enrolled, plan_change, terminated, reinstated, corrected };

struct Span {
    std::int64_t id = 0;
    std::int64_t plan_id = 0;
    Day from = 0;
    Day to = 0;  // Exclusive.
    SpanReason reason = SpanReason::enrolled;
};

struct Member {
    std::int64_t id = 0;
    std::int64_t person = 0;  // The number that a person is drawn for; the id may change.
    std::int64_t subscriber_id = 0;
    std::int64_t family = 0;  // The number that the last name is drawn for.
    std::uint32_t name_version = 0;
    std::uint32_t address_version = 0;
    std::uint32_t email_version = 0;  // 0: none.
    Micros updated_at = 0;
    std::vector<Span> spans;  // By date, without overlap.
    bool exists = true;
};

enum class ClaimStatus : std::uint8_t { received, adjudicated, paid, denied, adjusted, voided };

struct StatusEvent {
    Micros occurred_at = 0;
    ClaimStatus status = ClaimStatus::received;
    bool manual = false;
};

struct Payment {
    Cents amount = 0;
    Day day = 0;
    bool by_check = false;
};

struct Line {
    std::uint16_t number = 0;  // line_no, which may change.
    std::uint8_t origin = 0;   // The number that the line is drawn for, which does not.
    std::uint32_t units_added = 0;
};

/// Lines, events and payments are only ever appended, or go with the claim.
struct Claim {
    std::int64_t id = 0;
    std::int64_t member_id = 0;
    std::int64_t provider_id = 0;
    std::int64_t plan_id = 0;
    bool institutional = false;
    ClaimStatus status = ClaimStatus::received;
    Day service_from = 0;
    Day service_to = 0;
    Day received = 0;
    Day paid = no_day;
    std::uint32_t price_version = 0;
    std::uint32_t note_version = 0;
    std::uint32_t attachments_version = 0;
    Micros updated_at = 0;
    std::int64_t diagnosis_count = 0;
    std::vector<Line> lines;
    std::vector<StatusEvent> events;
    std::vector<Payment> payments;
    bool exists = true;
};

std::string_view to_string(ClaimStatus status);
std::string_view to_string(SpanReason reason);

/// Says whether the claim's lines carry allowed and paid amounts; before and after they are 0.
constexpr bool is_priced(ClaimStatus status) {
    return status == ClaimStatus::adjudicated || status == ClaimStatus::paid ||
           status == ClaimStatus::adjusted;
}

}  // namespace weir::simulate
