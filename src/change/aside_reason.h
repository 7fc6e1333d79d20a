#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace weir::change {

/// Why a table's changes do not go on from what came before, so that it has to be read anew.
enum class AsideReason {
    added,       // It was not captured before.
    requested,   // Somebody asked for it.
    rewritten,   // The source changed its rows without writing them to the log.
    lost,        // The source's log was lost before it was read.
    unreadable,  // Its rows or its changes could not be read.
};

inline constexpr std::array all_aside_reasons = {AsideReason::added, AsideReason::requested,
                                                 AsideReason::rewritten, AsideReason::lost,
                                                 AsideReason::unreadable};

constexpr std::string_view to_string(AsideReason reason) {
    switch (reason) {
        case AsideReason::added: return "added";
        case AsideReason::requested: return "requested";
        case AsideReason::rewritten: return "rewritten";
        case AsideReason::lost: return "lost";
        case AsideReason::unreadable: return "unreadable";
    }
    std::unreachable();
}

}  // namespace weir::change
