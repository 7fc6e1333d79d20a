#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "refine/typed_text.h"

// No text of a source may end the process, and what is typed is inside its type.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto value = weir::refine::read_decimal(text, 12, 2)) {
        WEIR_ASSERT(value->FitsInPrecision(12));
        // Written with its scale, it reads as itself.
        WEIR_ASSERT(weir::refine::read_decimal(value->ToString(2), 12, 2) == *value);
    }
    if (const auto days = weir::refine::read_date(text)) {
        WEIR_ASSERT(weir::refine::is_in_date_range(*days));
    }
    if (const auto time = weir::refine::read_timestamp(text)) {
        WEIR_ASSERT(weir::refine::is_in_timestamp_range(*time));
    }
    weir::refine::is_json(text);
    return 0;
}
