// Makes a ledger for verifiers that share no code with weir: make_ledger FOLDER APPENDS writes a
// store with some 2.5 entries an append, and FOLDER/verifier.key.
#include <fmt/core.h>

#include <charconv>
#include <fstream>
#include <string_view>

#include "ledger/key_file.h"
#include "ledger/ledger.h"
#include "store/local_store.h"

namespace {

using namespace weir;
using namespace weir::ledger;

Status make_ledger(const std::filesystem::path& folder, std::uint64_t appends) {
    const SystemClock clock;
    TRY_LET(const auto store, store::LocalStore::open(folder));
    TRY_LET(const SigningKey key, create_key_file(folder / "keys/ledger.key", "example.com/made"));
    TRY(Ledger::create(*store, key, {.pipeline = "made", .source = "none", .release = "test"},
                       clock));
    TRY_LET(const auto ledger, Ledger::open(*store, key, clock));
    TRY_LET(const Lease lease, ledger->take_lease(Stage::capture));
    for (std::uint64_t count = 0; count < appends; ++count) {
        const std::vector<EntryBody> bodies(1 + count % 4,
                                            PositionAdvanced{.position = change::Position(count)});
        TRY_LET([[maybe_unused]] const TreeSize size, ledger->append(lease, bodies));
    }
    std::ofstream(folder / "verifier.key") << format_verifier_key(key.verifying_key()) << '\n';
    return {};
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view number = count == 3 ? arguments[2] : "";
    std::uint64_t appends = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), appends).ec != std::errc{}) {
        fmt::print(stderr, "usage: make_ledger FOLDER APPENDS\n");
        return 2;
    }
    if (const Status made = make_ledger(arguments[1], appends); !made) {
        fmt::print(stderr, "{}\n", made.error().to_string());
        return 1;
    }
    return 0;
}
