#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::app {

/// A program that this one started and that dies with it. One thread, the one that started it.
class ChildProcess {
public:
    /// Starts a program by its path; its output goes where `log_file` says.
    static Result<ChildProcess> start(std::vector<std::string> words, const std::string& log_file);

    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    /// Kills the program if it still runs.
    ~ChildProcess();

    /// Returns the exit code once the program has ended, without waiting.
    std::optional<int> poll();
    /// Waits for the end and returns the exit code; 128 and the signal's number for a killed one.
    int wait();

private:
    explicit ChildProcess(pid_t process) : process_(process) {}

    pid_t process_ = 0;
};

/// Returns a program that was installed beside this one.
std::string sibling_program(const std::string& name);

}  // namespace weir::app
