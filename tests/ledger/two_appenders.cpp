// Goal: two processes append to one ledger and are killed (SIGKILL) between any two writes, again
// and again: the log verifies and has lost nothing that was acknowledged.
// Method: each round starts two processes under leases of their own. A process kills itself at a
// call of the store drawn at random, or is killed after an acknowledgement. Acknowledgements come
// through a pipe. After each round the ledger is read and compared; at the end it is verified.
// usage: two_appenders FOLDER; WEIR_TEST_ROUNDS (40) and WEIR_TEST_SEED (1) in the environment.
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <future>
#include <map>
#include <random>
#include <set>

#include "ledger/key_file.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_state.h"
#include "ledger/verify.h"
#include "store/faulty_store.h"
#include "store/local_store.h"

namespace {

using namespace weir;
using namespace weir::ledger;

constexpr std::array stages = {Stage::refine, Stage::load};
constexpr std::uint64_t calls_max = 60;
constexpr std::size_t entries_max = 20;  // An append has 1 to this many.

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    std::abort();
}

/// What a process does until it is killed.
struct Orders {
    Stage stage = Stage::refine;
    std::uint64_t first = 0;      // Number of its first append.
    std::uint64_t last_call = 0;  // Of the store; 0: go on until killed from outside.
    bool after_call = false;
    int acknowledge = -1;  // Pipe.
};

/// The number of the append and how many entries it has; several carry it so that half of an
/// append would show.
std::vector<EntryBody> bodies_of(const Orders& orders, std::uint64_t number) {
    const std::uint64_t count = 1 + number % entries_max;
    return std::vector<EntryBody>(count, DataRead{.principal = std::string(to_string(orders.stage)),
                                                  .statement = {},
                                                  .rows = number});
}

Status append_until_killed(const std::string& folder, const Orders& orders) {
    const SystemClock clock;
    TRY_LET(const auto disk, store::LocalStore::open(folder));
    store::FaultyStore store(
        *disk, orders.after_call ? store::Fault::stopped_after : store::Fault::stopped_before,
        orders.last_call);
    store.on_stop(die);
    TRY_LET(const SigningKey key, load_key_file(folder + "/keys/ledger.key"));
    TRY_LET(const auto ledger, Ledger::open(store, key, clock));
    TRY_LET(const Lease lease, ledger->take_lease(orders.stage));
    for (std::uint64_t number = orders.first;; ++number) {
        TRY_LET([[maybe_unused]] const TreeSize size,
                ledger->append(lease, bodies_of(orders, number)));
        if (::write(orders.acknowledge, &number, sizeof(number)) != sizeof(number)) {
            return {};
        }
    }
}

struct Child {
    pid_t pid = 0;
    int acknowledged = -1;  // Pipe.
};

Child start(const std::string& folder, Orders orders) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
        die();
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        orders.acknowledge = ends[1];
        const Status status = append_until_killed(folder, orders);
        fmt::print(stderr, "an appender failed: {}\n",
                   status ? "no pipe" : status.error().to_string());
        ::_exit(3);
    }
    ::close(ends[1]);
    return {.pid = pid, .acknowledged = ends[0]};
}

/// Reads acknowledgements until the process is dead; kills it after `kill_after` of them.
Result<std::set<std::uint64_t>> finish(const Child& child, std::size_t kill_after) {
    std::set<std::uint64_t> acknowledged;
    std::uint64_t number = 0;
    while (::read(child.acknowledged, &number, sizeof(number)) == sizeof(number)) {
        acknowledged.insert(number);
        if (kill_after != 0 && acknowledged.size() == kill_after) {
            ::kill(child.pid, SIGKILL);
        }
    }
    ::close(child.acknowledged);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        return fail(ErrorKind::internal, "an appender ended by itself, status={}", status);
    }
    return acknowledged;
}

using Append = std::pair<std::string, std::uint64_t>;  // Stage and number.

/// What the ledger holds, read on from where the last look ended.
class Held {
public:
    Status look(const std::string& folder) {
        const SystemClock clock;
        TRY_LET(const auto store, store::LocalStore::open(folder));
        TRY_LET(const SigningKey key, load_key_file(folder + "/keys/ledger.key"));
        TRY_LET(const auto ledger, Ledger::open(*store, key, clock));
        TRY_LET(const auto entries, ledger->read_from(size_));
        for (const Entry& entry : entries) {
            if (const auto* const body = std::get_if<DataRead>(&entry.body)) {
                ++entries_[{body->principal, body->rows}];
            }
        }
        size_ = ledger->size();
        return {};
    }

    const std::map<Append, std::uint64_t>& entries() const { return entries_; }

private:
    TreeSize size_;
    std::map<Append, std::uint64_t> entries_;  // How many entries of each append there are.
};

class Rounds {
public:
    Rounds(std::string folder, std::uint64_t seed) : folder_(std::move(folder)), random_(seed) {}

    Status run() {
        std::array<Child, 2> children;
        std::array<std::size_t, 2> kill_after{};
        for (std::size_t index = 0; index < children.size(); ++index) {
            Orders orders{.stage = stages[index], .first = next_[index]};
            if (random_() % 2 == 0) {
                orders.last_call = 1 + random_() % calls_max;
                orders.after_call = random_() % 2 == 0;
            } else {
                kill_after[index] = 1 + random_() % 5;
            }
            children[index] = start(folder_, orders);
        }
        // Both at once: a process that nobody listens to would not be killed in time.
        auto second = std::async(std::launch::async, finish, children[1], kill_after[1]);
        std::array results = {finish(children[0], kill_after[0]), second.get()};
        for (std::size_t index = 0; index < results.size(); ++index) {
            TRY_LET(const auto acknowledged, std::move(results[index]));
            for (const std::uint64_t number : acknowledged) {
                acknowledged_.insert({std::string(to_string(stages[index])), number});
            }
            // Appends without an acknowledgement may have taken their numbers.
            next_[index] += acknowledged.size() + 2;
        }
        return check();
    }

    std::size_t acknowledged() const { return acknowledged_.size(); }

private:
    Status check() {
        TRY(held_.look(folder_));
        for (const auto& [append, count] : held_.entries()) {
            if (count != 1 + append.second % entries_max) {
                return fail(ErrorKind::corrupt, "an append is not there once and whole, {}={}",
                            append.first, append.second);
            }
        }
        for (const auto& append : acknowledged_) {
            if (!held_.entries().contains(append)) {
                return fail(ErrorKind::corrupt, "an acknowledged append is lost, {}={}",
                            append.first, append.second);
            }
        }
        return {};
    }

    std::string folder_;
    std::mt19937_64 random_;
    std::array<std::uint64_t, 2> next_{};
    std::set<Append> acknowledged_;
    Held held_;
};

Status run_rounds(const std::string& folder, std::uint64_t count, std::uint64_t seed) {
    const SystemClock clock;
    TRY_LET(const auto store, store::LocalStore::open(folder));
    TRY_LET(const SigningKey key, create_key_file(folder + "/keys/ledger.key", "example.com/two"));
    TRY(Ledger::create(*store, key, {.pipeline = "two", .source = "none", .release = "test"},
                       clock));
    Rounds rounds(folder, seed);
    for (std::uint64_t round = 0; round < count; ++round) {
        TRY(rounds.run().with(fmt::format("round {}", round)));
    }
    TRY_LET(const auto report, verify(*store, {&key.verifying_key(), 1}, {}));
    fmt::print("rounds={} acknowledged={} entries={}\n", count, rounds.acknowledged(),
               report.size.entries);
    return {};
}

std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        fmt::print(stderr, "usage: two_appenders FOLDER\n");
        return 2;
    }
    const std::uint64_t rounds = environment_number("WEIR_TEST_ROUNDS", 40);
    const std::uint64_t seed = environment_number("WEIR_TEST_SEED", 1);
    fmt::print("seed={}\n", seed);
    if (const Status run = run_rounds(arguments[1], rounds, seed); !run) {
        fmt::print(stderr, "{}\n", run.error().to_string());
        return 1;
    }
    return 0;
}
