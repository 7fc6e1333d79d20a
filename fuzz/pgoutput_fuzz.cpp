// Foreign bytes never crash the reader of the replication protocol, nor that of a value: the first
// byte chooses, the rest is a message or a value.
#include <arrow/builder.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/assert.h"
#include "capture/postgres/pgoutput.h"
#include "capture/postgres/value_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weir::capture::postgres;
    if (size == 0) {
        return 0;
    }
    const auto rest = std::as_bytes(std::span(data, size)).subspan(1);
    if (data[0] % 2 == 0) {
        if (Tuples tuples; is_row_change(rest)) {
            static_cast<void>(parse_row_change(rest, tuples));
        } else {
            static_cast<void>(parse_message(rest));
        }
        return 0;
    }
    static constexpr std::array<std::uint32_t, 15> types{
        16, 17, 20, 21, 23, 25, 700, 701, 1082, 1083, 1114, 1184, 1700, 2950, 3802};
    const ValueCodec codec = ValueCodec::create({types[data[0] / 4 % types.size()]},
                                                data[0] > 128 ? (12 << 16 | 2) + 4 : -1);
    const auto form = data[0] / 2 % 2 == 0 ? ValueForm::text : ValueForm::binary;
    const auto builder = arrow::MakeBuilder(codec.landed_type()).ValueOrDie();
    const Fit fit = codec.append(rest, form, *builder);
    WEIR_ASSERT(builder->length() == (fit == Fit::stored ? 1 : 0));
    if (fit == Fit::outside) {
        WEIR_ASSERT(!codec.text_of(rest, form).empty());
    }
    return 0;
}
