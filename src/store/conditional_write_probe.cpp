#include "store/conditional_write_probe.h"

#include <functional>
#include <latch>
#include <thread>

#include "store/random_name.h"

namespace weir::store {
namespace {

std::unexpected<Error> broken_promise(std::string_view what) {
    return fail(ErrorKind::invalid,
                "the store does not honour conditional writes, and a ledger on it would lose "
                "cuts: {}; use a store that does (docs/s3.md)",
                what);
}

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// Counts a write that may lose; other failures are failures.
Result<int> count_win(const Status& written) {
    if (!written && written.error().kind() != ErrorKind::conflict &&
        written.error().kind() != ErrorKind::already_exists) {
        return std::unexpected(written.error());
    }
    return written ? 1 : 0;
}

using Write = std::function<Status(const std::string& bytes)>;

/// Lets all writers go at once. Each writes bytes of its own.
Status race(const Write& write, std::size_t writers, std::string_view what) {
    std::vector<Status> outcomes(writers);
    std::latch start(static_cast<std::ptrdiff_t>(writers));
    {
        std::vector<std::jthread> threads;
        threads.reserve(writers);
        for (std::size_t index = 0; index < writers; ++index) {
            threads.emplace_back([&, index] {
                start.arrive_and_wait();
                outcomes[index] = write(fmt::format("{} {}", what, index));
            });
        }
    }
    int wins = 0;
    for (const Status& outcome : outcomes) {
        TRY_LET(const int win, count_win(outcome));
        wins += win;
    }
    if (wins != 1) {
        return broken_promise(fmt::format("{} of {} writers won one key, {}", wins, writers, what));
    }
    return {};
}

Status try_round(ObjectStore& store, const std::string& key, std::size_t writers) {
    const auto replace = [&](const std::optional<Version>& expected) -> Write {
        return [&, expected](const std::string& bytes) -> Status {
            TRY(store.replace(key, expected, bytes_of(bytes)));
            return {};
        };
    };
    TRY(race(replace(std::nullopt), writers, "where there was no object"));
    TRY_LET(const VersionedBytes first, store.read(key));
    TRY(race(replace(first.version), writers, "where there was one"));
    TRY_LET(const int late, count_win(replace(first.version)("late")));
    if (late != 0) {
        return broken_promise("a writer won that had read what was replaced since");
    }
    return race(
        [&](const std::string& bytes) {
            return create_object(store, key + "-new", bytes_of(bytes));
        },
        writers, "that was to be created");
}

Status try_large(ObjectStore& store, const std::string& key, std::size_t large_bytes) {
    const std::vector<std::byte> bytes(large_bytes);
    TRY(create_object(store, key, {}));
    TRY_LET(const int win, count_win(create_object(store, key, bytes)));
    if (win != 0) {
        return broken_promise("an object in parts took the place of another");
    }
    return {};
}

Status try_all(ObjectStore& store, const std::string& folder, const ProbeOptions& options) {
    for (int round = 0; round < options.rounds; ++round) {
        TRY(try_round(store, fmt::format("{}/{}", folder, round), options.writers));
    }
    return options.large_bytes == 0 ? Status{}
                                    : try_large(store, folder + "/large", options.large_bytes);
}

}  // namespace

Status probe_conditional_writes(ObjectStore& store, const ProbeOptions& options) {
    TRY_LET(const std::string name, random_name());
    const std::string folder = "probe/" + name;
    Status tried = try_all(store, folder, options);
    TRY_LET(const auto objects, store.list(folder + "/"));
    for (const ObjectInfo& object : objects) {
        TRY(store.remove(object.key));
    }
    return tried;
}

}  // namespace weir::store
