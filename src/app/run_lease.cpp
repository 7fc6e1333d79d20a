#include "app/run_lease.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/byte_text.h"
#include "ledger/run_id.h"

namespace weir::app {
namespace {

using nlohmann::json;

constexpr std::string_view key = run_lease_key;
constexpr std::string_view format = "weir lease v1";
constexpr std::chrono::seconds look_every{1};
constexpr int tries_max = 100;

void wait(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

std::string LeaseNote::holder() const {
    return fmt::format("process {} on host {}", process, host);
}

std::string format_lease(const LeaseNote& note) {
    return json{{"format", format},      {"held", note.held},       {"host", note.host},
                {"number", note.number}, {"process", note.process}, {"run", note.run}}
               .dump() +
           "\n";
}

Result<LeaseNote> parse_lease(std::span<const std::byte> bytes) {
    const auto corrupt = [] {
        return fail(ErrorKind::corrupt,
                    "the lease is none of this release; remove it if no weir runs, path={}", key);
    };
    const json note = json::parse(as_text(bytes), nullptr, false);
    try {
        if (note.is_discarded() || note.at("format") != format) {
            return corrupt();
        }
        return LeaseNote{.host = note.at("host"),
                         .process = note.at("process"),
                         .run = note.at("run"),
                         .number = note.at("number"),
                         .held = note.at("held")};
    } catch (const json::exception&) {
        return corrupt();
    }
}

Result<std::optional<LeaseNote>> read_lease(const store::ObjectStore& store) {
    TRY_LET(const auto object, store::read_if_present(store, key));
    if (!object) {
        return std::nullopt;
    }
    TRY_LET(LeaseNote note, parse_lease(object->bytes));
    return note;
}

Result<RunLease> RunLease::of_this_process(store::ObjectStore& store, const Clock& clock) {
    TRY_LET(std::string run, ledger::new_run_id(clock.now()));
    return RunLease(store, clock,
                    {.host = host_name(), .process = ::getpid(), .run = std::move(run)});
}

Status RunLease::see() {
    TRY_LET(const auto object, store::read_if_present(*store_, key));
    if (!object) {
        seen_.reset();
        version_.reset();
        return {};
    }
    if (version_ != object->version) {
        TRY_LET(seen_, parse_lease(object->bytes));
        version_ = object->version;
        seen_since_ = clock_->steady_now();
    }
    return {};
}

Result<bool> RunLease::look() {
    TRY(see());
    return !seen_ || !seen_->held || clock_->steady_now() - seen_since_ >= lasts;
}

Status RunLease::replace(bool held) {
    LeaseNote next = own_;
    next.number = seen_ ? seen_->number + 1 : 1;
    next.held = held;
    const std::string text = format_lease(next);
    const auto replaced = store_->replace(key, version_, std::as_bytes(std::span(text)));
    if (replaced) {
        version_ = *replaced;
        seen_ = std::move(next);
        seen_since_ = clock_->steady_now();
        return {};
    }
    const ErrorKind kind = replaced.error().kind();
    if (kind != ErrorKind::conflict && kind != ErrorKind::in_doubt) {
        return std::unexpected(replaced.error());
    }
    TRY(see());
    if (seen_ && seen_->run == own_.run && seen_->number == next.number) {
        return {};  // A store that retries by itself reports its own success as lost.
    }
    return fail(ErrorKind::conflict, "the lease has changed; look again, path={}", key);
}

Status RunLease::take() {
    return replace(true);
}

Status RunLease::take_from_anybody() {
    Status taken;
    for (int tries = 0; tries < tries_max; ++tries) {
        TRY(see());
        taken = take();
        if (taken || taken.error().kind() != ErrorKind::conflict) {
            return taken;
        }
    }
    return taken;
}

Status RunLease::renew() {
    Status renewed;
    for (int tries = 0; tries < tries_max; ++tries) {
        if (!seen_ || seen_->run != own_.run) {
            return fail(ErrorKind::denied,
                        "another process leads this pipeline now, since this one was away for "
                        "longer than its lease; nothing that it still writes is read, leader={}",
                        seen_ ? seen_->holder() : "nobody");
        }
        renewed = replace(true);
        if (renewed || renewed.error().kind() != ErrorKind::conflict) {
            return renewed;
        }
    }
    return renewed;
}

Status RunLease::give_back() {
    return seen_ && seen_->run == own_.run ? replace(false) : Status();
}

Status stand_by(RunLease& lease, const std::function<Status()>& take,
                const std::function<void(const std::string&)>& on_wait,
                const std::stop_token& stop) {
    for (std::string said; !stop.stop_requested(); wait(look_every, stop)) {
        const auto over = lease.look();
        Status taken = over ? Status() : std::unexpected(over.error());
        if (over && *over) {
            taken = take();
            if (taken) {
                return {};
            }
        }
        std::string says = taken ? "standing by: " + lease.seen()->holder() + " leads"
                                 : "standing by: " + taken.error().to_string();
        if (says != said) {
            on_wait(says);
            said = std::move(says);
        }
    }
    return fail(ErrorKind::cancelled, "stopped while standing by; nothing was done");
}

Status while_leading(RunLease& lease, std::stop_source stop,
                     const std::function<void(const Error&)>& on_wait,
                     const std::function<Status()>& work) {
    Status led;
    Status done;
    {
        const std::jthread keeper([&](const std::stop_token& over) {
            for (wait(RunLease::renew_every, over); led && !over.stop_requested();
                 wait(RunLease::renew_every, over)) {
                Status renewed = lease.renew();
                if (!renewed && renewed.error().kind() != ErrorKind::denied) {
                    on_wait(renewed.error());
                } else if (!renewed) {
                    led = std::move(renewed);
                    stop.request_stop();
                }
            }
        });
        done = work();
    }
    if (led) {
        // A standby that is not told waits a little longer.
        static_cast<void>(lease.give_back());
        return done;
    }
    return done && !led ? led : done;
}

}  // namespace weir::app
