// Foreign bytes never crash the readers of entries, bundles and heads, and an entry that parses is
// the text that is written again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "ledger/entry.h"
#include "ledger/head.h"
#include "ledger/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weir::ledger;
    static const SigningKey key = SigningKey::from_seed("example.com/claims", Seed{}).value();
    const std::string bytes(data, data + size);

    if (const auto entry = parse_entry(bytes)) {
        WEIR_ASSERT(format_entry(*entry).value() == bytes);
    }
    if (const auto entries = parse_bundle(std::as_bytes(std::span(bytes)))) {
        std::vector<std::byte> again;
        for (const std::string& entry : *entries) {
            append_to_bundle(again, entry);
        }
        WEIR_ASSERT(again.size() == bytes.size());
    }
    static_cast<void>(open_head(bytes, {&key.verifying_key(), 1}));
    return 0;
}
