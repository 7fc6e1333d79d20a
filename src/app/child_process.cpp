#include "app/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <utility>

namespace weir::app {
namespace {

int code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Runs between fork and exec: only calls that are safe there.
[[noreturn]] void run(std::vector<char*>& arguments, const char* log_file, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(125);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int log = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
}

}  // namespace

Result<ChildProcess> ChildProcess::start(std::vector<std::string> words,
                                         const std::string& log_file) {
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
        run(arguments, log_file.c_str(), parent);
    }
    if (child < 0) {
        return fail(ErrorKind::unavailable, "cannot start a process, program={}", words[0]);
    }
    return ChildProcess(child);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : process_(std::exchange(other.process_, 0)) {}

ChildProcess::~ChildProcess() {
    if (process_ != 0) {
        ::kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
}

std::optional<int> ChildProcess::poll() {
    int status = 0;
    if (process_ == 0 || waitpid(process_, &status, WNOHANG) != process_) {
        return std::nullopt;
    }
    process_ = 0;
    return code_of(status);
}

int ChildProcess::wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = 0;
    return code_of(status);
}

std::string sibling_program(const std::string& name) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return (self.parent_path() / name).string();
}

}  // namespace weir::app
