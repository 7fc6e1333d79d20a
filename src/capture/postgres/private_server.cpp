#include "capture/postgres/private_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "capture/postgres/connection.h"
#include "store/free_port.h"

namespace weir::capture::postgres {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int ready_tries = 300;
constexpr auto ready_wait = 100ms;
constexpr auto gone_wait = 10ms;
constexpr int port_tries = 5;

struct Account {
    uid_t user;
    gid_t group;
};

/// The account a server may run as: PostgreSQL refuses to run as root.
Result<std::optional<Account>> server_account() {
    if (geteuid() != 0) {
        return std::nullopt;
    }
    const passwd* entry = getpwnam("postgres");
    if (entry == nullptr) {
        return fail(ErrorKind::not_found,
                    "PostgreSQL does not run as root, and there is no user postgres; make one: "
                    "useradd -r postgres");
    }
    return Account{.user = entry->pw_uid, .group = entry->pw_gid};
}

/// Runs between fork and exec: only calls that are safe there.
[[noreturn]] void run_as(const std::optional<Account>& account, std::vector<char*>& arguments,
                         const char* log_file, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    setsid();
    const int log = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    if (account &&
        (setgroups(0, nullptr) != 0 || setgid(account->group) != 0 || setuid(account->user) != 0)) {
        _exit(126);
    }
    // A change of user clears the signal; and the parent may be gone before it was set.
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (getppid() != parent) {
        _exit(125);
    }
    execv(arguments[0], arguments.data());
    _exit(127);
}

Result<pid_t> spawn_program(std::vector<std::string> words, const fs::path& log_file) {
    TRY_LET(const auto account, server_account());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const std::string log = log_file.string();
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
        run_as(account, arguments, log.c_str(), parent);
    }
    if (child < 0) {
        return fail(ErrorKind::unavailable, "cannot start a process, program={}", words[0]);
    }
    return child;
}

Status own_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    TRY_LET(const auto account, server_account());
    if (error || (account && chown(folder.c_str(), account->user, account->group) != 0)) {
        return fail(ErrorKind::unavailable, "cannot make the server's folder, folder={}",
                    folder.string());
    }
    fs::permissions(folder, fs::perms::owner_all, error);
    return {};
}

/// Returns the line by which a server says why it ends, or the last one.
std::string last_words(const fs::path& log_file) {
    std::ifstream log(log_file);
    std::string words;
    for (std::string line; std::getline(log, line);) {
        if (line.contains("FATAL") || !words.contains("FATAL")) {
            words = line;
        }
    }
    return words;
}

std::vector<pid_t> children_of(pid_t process) {
    std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", process));
    return {std::istream_iterator<pid_t>(list), {}};
}

bool has_programs(const fs::path& folder) {
    std::error_code error;
    return fs::exists(folder / "initdb", error) && fs::exists(folder / "postgres", error);
}

/// Debian's folders of programs, the newest first, then those of PATH.
std::vector<fs::path> usual_folders() {
    std::vector<fs::path> folders;
    std::error_code error;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", error)) {
        folders.push_back(version.path() / "bin");
    }
    std::ranges::sort(folders, std::greater());
    const char* path = std::getenv("PATH");
    for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        folders.emplace_back(rest.substr(0, colon));
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return folders;
}

}  // namespace

Result<fs::path> find_server_programs() {
    if (const char* named = std::getenv("WEIR_POSTGRES_PROGRAMS"); named != nullptr) {
        if (!has_programs(named)) {
            return fail(ErrorKind::not_found,
                        "the folder that WEIR_POSTGRES_PROGRAMS names has no initdb and postgres; "
                        "name the bin folder of a server, folder={}",
                        named);
        }
        return named;
    }
    for (const fs::path& folder : usual_folders()) {
        if (has_programs(folder)) {
            return folder;
        }
    }
    return fail(ErrorKind::not_found,
                "this machine has no PostgreSQL server programs (initdb, postgres); install them: "
                "apt-get install postgresql-15");
}

PrivateServer::PrivateServer(Options options, fs::path programs)
    : options_(std::move(options)), programs_(std::move(programs)) {}

PrivateServer::PrivateServer(PrivateServer&& other) noexcept
    : options_(std::move(other.options_)),
      programs_(std::move(other.programs_)),
      port_(other.port_),
      process_(std::exchange(other.process_, 0)) {}

PrivateServer::~PrivateServer() {
    stop();
}

Result<PrivateServer> PrivateServer::start(const Options& options) {
    TRY_LET(fs::path programs, find_server_programs());
    PrivateServer server(options, std::move(programs));
    TRY(own_folder(options.folder));
    if (!fs::exists(options.folder / "data" / "PG_VERSION")) {
        TRY(server.make_cluster());
    }
    // Somebody may take the port before the server does.
    Status spawned;
    for (int tries = 0; tries < port_tries && server.process_ == 0; ++tries) {
        TRY_LET(server.port_, store::free_port());
        spawned = server.spawn();
    }
    TRY(spawned);
    return server;
}

Status PrivateServer::make_cluster() const {
    const fs::path data = options_.folder / "data";
    TRY_LET(const pid_t child,
            spawn_program({programs_ / "initdb", "-D", data, "-U", "postgres", "-A", "trust",
                           "--no-sync", "-E", "UTF8", "--locale=C"},
                          options_.folder / "initdb.log"));
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) {
        return fail(ErrorKind::unavailable,
                    "initdb failed (is the disk full, may user postgres reach the folder?); see "
                    "its log, log={}",
                    (options_.folder / "initdb.log").string());
    }
    std::ofstream settings(data / "postgresql.conf", std::ios::app);
    settings << "listen_addresses = '127.0.0.1'\nwal_level = logical\nmax_wal_senders = 16\n"
                "max_replication_slots = 16\nmax_wal_size = 4GB\nshared_buffers = 256MB\n"
                "unix_socket_directories = ''\nlogging_collector = off\n";
    if (!options_.durable) {
        settings << "fsync = off\nfull_page_writes = off\n";
    }
    for (const std::string& line : options_.settings) {
        settings << line << "\n";
    }
    return {};
}

Status PrivateServer::spawn() {
    TRY_LET(process_, spawn_program({programs_ / "postgres", "-D", options_.folder / "data", "-p",
                                     std::to_string(port_)},
                                    options_.folder / "server.log"));
    return wait_until_ready();
}

Status PrivateServer::wait_until_ready() {
    for (int tries = 0; tries < ready_tries && process_ != 0; ++tries) {
        if (waitpid(process_, nullptr, WNOHANG) == process_) {
            process_ = 0;
        } else if (answers()) {
            return {};
        } else {
            std::this_thread::sleep_for(ready_wait);
        }
    }
    return fail(ErrorKind::unavailable, "the private PostgreSQL did not start, log={}, says={}",
                (options_.folder / "server.log").string(),
                last_words(options_.folder / "server.log"));
}

/// Whether it is this server that answers: another may have been faster at its port.
bool PrivateServer::answers() const {
    auto connection = Connection::open(url());
    if (!connection) {
        return false;
    }
    const auto rows = connection->query("SHOW data_directory");
    std::error_code error;
    return rows && fs::equivalent((*rows)[0][0].value_or(""), options_.folder / "data", error);
}

std::string PrivateServer::url(std::string_view database) const {
    return fmt::format("postgres://postgres@127.0.0.1:{}/{}", port_, database);
}

void PrivateServer::kill() {
    if (process_ == 0) {
        return;
    }
    // Each backend leads a process group of its own, and would outlive its parent for a while.
    const std::vector<pid_t> children = children_of(process_);
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
    for (const pid_t child : children) {
        ::kill(child, SIGKILL);
    }
    // A new server refuses the folder while one of them is attached to its memory.
    for (const pid_t child : children) {
        for (int tries = 0; tries < ready_tries && ::kill(child, 0) == 0; ++tries) {
            std::this_thread::sleep_for(gone_wait);
        }
    }
}

Status PrivateServer::restart() {
    stop();
    return spawn();
}

void PrivateServer::stop() {
    if (process_ != 0) {
        ::kill(process_, SIGQUIT);
        waitpid(process_, nullptr, 0);
        process_ = 0;
    }
}

}  // namespace weir::capture::postgres
