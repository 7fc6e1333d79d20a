// Measures a ledger on a disk: measure_ledger FOLDER ENTRIES FILES MIB. Makes a ledger of so many
// entries in FOLDER/log and prints what an append, opening, folding, proving and verifying cost;
// then a ledger in FOLDER/files that names FILES files of MIB mebibytes each, and prints how fast
// they are verified. One JSON object.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <span>

#include "ledger/inclusion_proof.h"
#include "ledger/key_file.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"
#include "ledger/receipt_book.h"
#include "ledger/verify.h"
#include "store/local_store.h"

namespace {

using namespace weir;
using namespace weir::ledger;

constexpr std::uint64_t bodies_at_once = 9'999;  // Three entries a cut.
constexpr std::size_t samples = 200;

double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What some work takes of this process and of the clock on the wall, in seconds.
struct Spent {
    double processor_s = 0;
    double wall_s = 0;
};

Spent spent_on(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    const double before = processor_seconds();
    work();
    return {
        .processor_s = processor_seconds() - before,
        .wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
}

/// A ledger that grows by cuts: landed, refined and loaded, as a pipeline that runs appends them.
class GrowingLedger {
public:
    static Result<std::unique_ptr<GrowingLedger>> make(const std::filesystem::path& folder) {
        std::unique_ptr<GrowingLedger> made(new GrowingLedger);
        TRY_LET(made->store_, store::LocalStore::open(folder));
        TRY_LET(SigningKey key,
                create_key_file(folder / "keys/ledger.key", "example.com/measured"));
        made->key_.emplace(std::move(key));
        TRY(Ledger::create(*made->store_, *made->key_,
                           {.pipeline = "measured", .source = "none", .release = "test"},
                           made->clock_));
        TRY(made->open());
        TRY_LET(made->capture_, made->ledger_->take_lease(Stage::capture));
        return made;
    }

    Status open() {
        ledger_.reset();
        TRY_LET(ledger_, Ledger::open(*store_, *key_, clock_));
        return {};
    }

    Status grow(std::uint64_t entries) {
        while (ledger_->size().entries < entries) {
            TRY(append(std::min(bodies_at_once, entries - ledger_->size().entries)));
        }
        return ledger_->finish();
    }

    Status append(std::uint64_t count) {
        std::vector<EntryBody> bodies;
        for (; bodies.size() < count; ++next_) {
            const CutNumber cut{next_ / 3 + 1};
            if (next_ % 3 == 0) {
                bodies.push_back(CutLanded{.cut = cut,
                                           .position = change::Position(next_),
                                           .commit_time = clock_.now(),
                                           .transactions = 1,
                                           .changes = 1,
                                           .snapshot_attempt = {},
                                           .files = {}});
            } else if (next_ % 3 == 1) {
                bodies.push_back(CutRefined{.cut = cut, .files = {}, .quarantine = {}});
            } else {
                bodies.push_back(
                    CutsLoaded{.from = {cut.value - 1}, .to = cut, .warehouse = "duckdb"});
            }
        }
        TRY(ledger_->append(capture_, bodies));
        return {};
    }

    Result<DataFile> add_file(std::uint64_t number, std::span<const std::byte> bytes) {
        DataFile file{.table = {"c", "t"},
                      .path = fmt::format("landing/c.t/{}", number),
                      .rows = 1,
                      .bytes = bytes.size(),
                      .sha256 = sha256(bytes),
                      .schema_version = {1}};
        TRY(store::create_object(*store_, stored_key(file.path, capture_.epoch), bytes));
        return file;
    }

    Status land(std::vector<DataFile> files) {
        TRY_LET(auto list, ledger_->store_files(std::move(files)));
        const EntryBody body = CutLanded{.cut = {1},
                                         .position = change::Position(1),
                                         .commit_time = {},
                                         .transactions = 1,
                                         .changes = 1,
                                         .snapshot_attempt = {},
                                         .files = std::move(list)};
        TRY(ledger_->append(capture_, {&body, 1}));
        return {};
    }

    Ledger& ledger() { return *ledger_; }
    store::ObjectStore& store() { return *store_; }
    const SigningKey& key() const { return *key_; }

private:
    GrowingLedger() = default;

    SystemClock clock_;
    std::unique_ptr<store::LocalStore> store_;
    std::optional<SigningKey> key_;
    std::unique_ptr<Ledger> ledger_;
    Lease capture_;
    std::uint64_t next_ = 0;
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Measures appends of one entry, in milliseconds.
Status measure_append(GrowingLedger& growing, nlohmann::json& figures) {
    std::vector<double> processor_ms;
    std::vector<double> wall_ms;
    for (std::size_t sample = 0; sample < samples; ++sample) {
        Status appended;
        const Spent spent = spent_on([&] { appended = growing.append(1); });
        TRY(appended);
        processor_ms.push_back(spent.processor_s * 1e3);
        wall_ms.push_back(spent.wall_s * 1e3);
    }
    figures["append_processor_ms"] = median(std::move(processor_ms));
    figures["append_wall_ms"] = median(std::move(wall_ms));
    return {};
}

// NOLINTNEXTLINE(readability-function-size): one figure after the other.
Result<nlohmann::json> measure_log(GrowingLedger& growing, std::uint64_t entries) {
    TRY(growing.grow(entries));
    nlohmann::json figures = {{"entries", entries}};
    TRY(measure_append(growing, figures));
    Status status;
    const auto measure = [&](const char* name, const std::function<Status()>& work) {
        const Spent spent = spent_on([&] { status = status ? work() : std::move(status); });
        figures[name] = spent.processor_s;
    };
    measure("open_s", [&] { return growing.open(); });
    measure("first_lease_s", [&]() -> Status {
        TRY(growing.ledger().take_lease(Stage::operate));
        return {};
    });
    measure("fold_s", [&] {
        PipelineState state;
        return catch_up(state, growing.ledger());
    });
    measure("proof_s", [&]() -> Status {
        TRY(growing.ledger().finish());
        TRY(InclusionProver(growing.store(), growing.ledger().size()).prove(entries / 2));
        return {};
    });
    measure("receipt_s", [&]() -> Status {
        if (entries > 3) {
            TRY(ReceiptBook(growing.ledger(), growing.store(), growing.key()).of_cut({1}));
        }
        return {};
    });
    measure("verify_s", [&]() -> Status {
        TRY(verify(growing.store(), {&growing.key().verifying_key(), 1}, {}));
        return {};
    });
    TRY(status);
    return figures;
}

Result<nlohmann::json> measure_files(const std::filesystem::path& folder, std::uint64_t count,
                                     std::uint64_t mib) {
    TRY_LET(const auto growing, GrowingLedger::make(folder));
    std::vector<std::byte> bytes(mib << 20U);
    std::vector<DataFile> files;
    for (std::uint64_t number = 0; number < count; ++number) {
        std::ranges::fill(bytes, static_cast<std::byte>(number + 1));
        TRY_LET(files.emplace_back(), growing->add_file(number, bytes));
    }
    TRY(growing->land(std::move(files)));
    Result<VerifyReport> report = VerifyReport{};
    const Spent spent = spent_on(
        [&] { report = verify(growing->store(), {&growing->key().verifying_key(), 1}, {}); });
    TRY(report);
    return nlohmann::json{
        {"bytes", report->bytes}, {"wall_s", spent.wall_s}, {"processor_s", spent.processor_s}};
}

Result<nlohmann::json> measure(const std::filesystem::path& folder,
                               std::span<const std::uint64_t> numbers) {
    nlohmann::json result;
    TRY_LET(const auto growing, GrowingLedger::make(folder / "log"));
    TRY_LET(result["log"], measure_log(*growing, numbers[0]));
    TRY_LET(result["files"], measure_files(folder / "files", numbers[1], numbers[2]));
    return result;
}

int run(int count, char** arguments) {
    std::array<std::uint64_t, 3> numbers{};
    bool understood = count == 5;
    for (std::size_t index = 0; understood && index < numbers.size(); ++index) {
        const std::string_view text = arguments[index + 2];
        understood =
            std::from_chars(text.data(), text.data() + text.size(), numbers.at(index)).ec ==
            std::errc{};
    }
    if (!understood) {
        fmt::print(stderr, "usage: measure_ledger FOLDER ENTRIES FILES MIB\n");
        return 2;
    }
    const auto figures = measure(arguments[1], numbers);
    if (!figures) {
        fmt::print(stderr, "{}\n", figures.error().to_string());
        return 1;
    }
    fmt::print("{}\n", figures->dump());
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const std::exception& error) {
        std::fputs(error.what(), stderr);
        return 1;
    }
}
