#include "simulate/entity.h"

#include <cstdlib>

namespace weir::simulate {

std::string_view to_string(ClaimStatus status) {
    switch (status) {
        case ClaimStatus::received: return "received";
        case ClaimStatus::adjudicated: return "adjudicated";
        case ClaimStatus::paid: return "paid";
        case ClaimStatus::denied: return "denied";
        case ClaimStatus::adjusted: return "adjusted";
        case ClaimStatus::voided: return "voided";
    }
    std::abort();
}

std::string_view to_string(SpanReason reason) {
    switch (reason) {
        case SpanReason::enrolled: return "enrolled";
        case SpanReason::plan_change: return "plan change";
        case SpanReason::terminated: return "terminated";
        case SpanReason::reinstated: return "reinstated";
        case SpanReason::corrected: return "corrected";
    }
    std::abort();
}

}  // namespace weir::simulate
