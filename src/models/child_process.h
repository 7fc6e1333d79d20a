#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::models {

struct ChildOptions {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::map<std::string, std::string> environment;  // Added to this process's own.
    std::filesystem::path folder;                    // Where it runs.
    std::filesystem::path output;                    // Takes stdout and stderr; made anew, 0600.
    std::chrono::milliseconds timeout{};
};

/// How a child ended by itself: with an exit code, or by a signal.
struct ChildEnd {
    std::optional<int> exit_code;
    int signal = 0;
};

/// Runs a program to its end. The child is a process group of its own, reads nothing, and dies with
/// the calling thread (so with this process, however it ends). Fails with `not_found` or `denied`
/// if the program cannot be started, with `unavailable` after `timeout` and with `cancelled` once
/// `stop` is requested; the child is dead when this returns. Any thread may call it.
Result<ChildEnd> run_child(const ChildOptions& options, const std::stop_token& stop);

}  // namespace weir::models
