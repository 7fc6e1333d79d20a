#include "simulate/table.h"

namespace weir::simulate {
namespace {

using Names = std::string_view[];

constexpr Names plan_columns = {"plan_id", "name", "line_of_business", "metal"};
constexpr Names provider_columns = {"provider_id", "npi",     "name",
                                    "specialty",   "address", "par_status"};
constexpr Names member_columns = {
    "member_id", "subscriber_id", "first_name", "last_name", "birth_date", "sex",  "ssn",
    "address",   "city",          "state",      "zip",       "updated_at", "email"};
constexpr Names span_columns = {"span_id",   "member_id", "plan_id",
                                "from_date", "to_date",   "reason"};
constexpr Names claim_columns = {"claim_id",      "member_id",    "provider_id",   "plan_id",
                                 "claim_type",    "claim_status", "service_from",  "service_to",
                                 "received_date", "paid_date",    "billed_amount", "allowed_amount",
                                 "paid_amount",   "attachments",  "note",          "updated_at"};
constexpr Names line_columns = {"claim_id",     "line_no",       "procedure_code", "units",
                                "service_date", "billed_amount", "allowed_amount", "paid_amount",
                                "deductible",   "copay",         "coinsurance"};
constexpr Names diagnosis_columns = {"claim_id", "sequence_no", "diagnosis_code",
                                     "present_on_admission"};
constexpr Names event_columns = {"event_id", "claim_id", "status", "user_class", "occurred_at"};
constexpr Names payment_columns = {"payment_id", "claim_id", "amount", "method", "paid_date"};

constexpr TableShape shapes[table_count] = {
    {"plan", plan_columns, 1},
    {"provider", provider_columns, 1},
    {"member", member_columns, 1},
    {"eligibility_span", span_columns, 1},
    {"claim", claim_columns, 1},
    {"claim_line", line_columns, 2},
    {"claim_diagnosis", diagnosis_columns, 2},
    {"claim_status_event", event_columns, 1},
    {"payment", payment_columns, 1},
};

}  // namespace

const TableShape& shape(Table table) {
    return shapes[index(table)];
}

}  // namespace weir::simulate
