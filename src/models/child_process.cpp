#include "models/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/assert.h"
#include "store/file_descriptor.h"
#include "store/file_error.h"
#include "store/file_system.h"

namespace weir::models {
namespace {

using store::FileDescriptor;

constexpr int exit_not_started = 127;

/// What execve(2) takes. Filled before the fork, since the child of a threaded process may not
/// allocate.
class Words {
public:
    void add(std::string word) { words_.push_back(std::move(word)); }
    /// REQUIRES: no `add` afterwards.
    char** pointers() {
        pointers_.clear();
        for (std::string& word : words_) {
            pointers_.push_back(word.data());
        }
        pointers_.push_back(nullptr);
        return pointers_.data();
    }

private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

Words arguments_of(const ChildOptions& options) {
    Words words;
    words.add(options.program.string());
    for (const std::string& argument : options.arguments) {
        words.add(argument);
    }
    return words;
}

Words environment_of(const ChildOptions& options) {
    Words words;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!options.environment.contains(std::string(text.substr(0, text.find('='))))) {
            words.add(std::string(text));
        }
    }
    for (const auto& [name, value] : options.environment) {
        words.add(fmt::format("{}={}", name, value));
    }
    return words;
}

struct Start {
    const char* program;
    const char* folder;
    char** arguments;
    char** environment;
    int input;
    int output;
    int failure;  // Takes the error number if the program cannot be started.
    pid_t parent;
};

/// Becomes the program. Only async-signal-safe calls: other threads held locks at the fork.
[[noreturn]] void become(const Start& start) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != start.parent) {
        ::_exit(exit_not_started);  // The parent died before the line above.
    }
    ::setpgid(0, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    ::dup2(start.input, STDIN_FILENO);
    ::dup2(start.output, STDOUT_FILENO);
    ::dup2(start.output, STDERR_FILENO);
    if (::chdir(start.folder) == 0) {
        ::execve(start.program, start.arguments, start.environment);
    }
    const int error_number = errno;
    static_cast<void>(::write(start.failure, &error_number, sizeof error_number));
    ::_exit(exit_not_started);
}

/// A child that is killed, with its group, and waited for if nobody did before.
class Child {
public:
    explicit Child(pid_t id) : id_(id), end_(static_cast<int>(::syscall(SYS_pidfd_open, id, 0))) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (id_ > 0) {
            ::kill(-id_, SIGKILL);
            ::kill(id_, SIGKILL);
            static_cast<void>(wait());
        }
    }

    /// Becomes readable when the child has ended.
    int end() const { return end_.number(); }

    ChildEnd wait() {
        int status = 0;
        while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
        }
        id_ = 0;
        return WIFEXITED(status) ? ChildEnd{.exit_code = WEXITSTATUS(status)}
                                 : ChildEnd{.exit_code = std::nullopt, .signal = WTERMSIG(status)};
    }

private:
    pid_t id_;
    FileDescriptor end_;
};

/// Reads the error number of a start that failed; 0 if the pipe closed, as execve makes it.
int start_failure(const FileDescriptor& pipe) {
    int error_number = 0;
    ssize_t count = 0;
    while ((count = ::read(pipe.number(), &error_number, sizeof error_number)) < 0 &&
           errno == EINTR) {
    }
    return count == sizeof error_number ? error_number : 0;
}

Result<ChildEnd> await(Child& child, const ChildOptions& options, const std::stop_token& stop) {
    const FileDescriptor stopped(::eventfd(0, EFD_CLOEXEC));
    WEIR_ASSERT(stopped.is_open() && child.end() >= 0);
    const std::stop_callback wake(stop, [&] { ::eventfd_write(stopped.number(), 1); });
    const auto deadline = std::chrono::steady_clock::now() + options.timeout;
    std::array<pollfd, 2> ready{{{child.end(), POLLIN, 0}, {stopped.number(), POLLIN, 0}}};
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        const int count = ::poll(ready.data(), ready.size(),
                                 static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (ready[0].revents != 0) {
            return child.wait();
        }
        if (ready[1].revents != 0) {
            return fail(ErrorKind::cancelled, "{} was stopped", options.program.string());
        }
        return fail(
            ErrorKind::unavailable,
            "{} did not end in time and was killed; see {}, or allow more time: timeout_s={}",
            options.program.string(), options.output.string(),
            std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count());
    }
}

}  // namespace

Result<ChildEnd> run_child(const ChildOptions& options, const std::stop_token& stop) {
    TRY_LET(const FileDescriptor input, store::open_file("/dev/null", O_RDONLY));
    TRY_LET(const FileDescriptor output,
            store::open_file(options.output.string(), O_WRONLY | O_CREAT | O_TRUNC));
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        return store::file_error("cannot make a pipe for", options.program.string(), errno);
    }
    const FileDescriptor failure(pipe[0]);
    FileDescriptor report(pipe[1]);
    Words arguments = arguments_of(options);
    Words environment = environment_of(options);
    const std::string folder = options.folder.string();
    const Start start{options.program.c_str(), folder.c_str(), arguments.pointers(),
                      environment.pointers(),  input.number(), output.number(),
                      report.number(),         ::getpid()};
    const pid_t id = ::fork();
    if (id == 0) {
        become(start);
    }
    if (id < 0) {
        return store::file_error("cannot start", options.program.string(), errno);
    }
    Child child(id);
    report = FileDescriptor();
    if (const int error_number = start_failure(failure); error_number != 0) {
        return store::file_error("cannot start", options.program.string(), error_number);
    }
    return await(child, options, stop);
}

}  // namespace weir::models
