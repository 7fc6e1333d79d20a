// Foreign bytes never crash the reader of the replication protocol, nor that of a value or of a
// told shape: the first byte chooses, the rest is a message, with what its writer chose, or a
// value.
#include <arrow/builder.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/byte_text.h"
#include "capture/postgres/pgoutput.h"
#include "capture/postgres/told_shape.h"
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
            return 0;
        }
        const auto message = parse_message(rest);
        const auto* written = message ? std::get_if<LogicalMessage>(&*message) : nullptr;
        const std::string_view text = weir::as_text(written != nullptr ? written->content : rest);
        const auto shape = parse_told_shape(text);
        WEIR_ASSERT(!shape || told_table(text) == shape->table);
        static_cast<void>(told_transaction(text));
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
