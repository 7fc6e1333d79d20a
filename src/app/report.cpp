#include "app/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>

namespace weir::app {
namespace {

/// One for the process, since it has one standard output.
std::mutex& output_mutex() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

Report::Report(bool json) : json_(json), terminal_(isatty(STDERR_FILENO) == 1) {}

void Report::line(std::string_view text) {
    if (json_) {
        return;
    }
    end_progress();
    const std::scoped_lock lock(output_mutex());
    fmt::print("{}\n", text);
    std::fflush(stdout);
}

void Report::progress(std::string_view text) {
    const std::scoped_lock lock(output_mutex());
    if (!terminal_ && text == shown_) {
        return;  // A log needs no line twice.
    }
    shown_ = text;
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", text, terminal_ ? "" : "\n");
    std::fflush(stderr);
    progress_shown_ = terminal_;
}

void Report::end_progress() {
    const std::scoped_lock lock(output_mutex());
    if (progress_shown_) {
        fmt::print(stderr, "\r\033[K");
        progress_shown_ = false;
    }
}

void Report::result(const nlohmann::json& object) {
    end_progress();
    if (json_) {
        const std::scoped_lock lock(output_mutex());
        fmt::print("{}\n", object.dump());
        std::fflush(stdout);
    }
}

void Report::error(const Error& error) {
    end_progress();
    const std::scoped_lock lock(output_mutex());
    fmt::print(stderr, "weir: {}\n", error.to_string());
}

int exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
        case ErrorKind::not_found:
        case ErrorKind::already_exists:
        case ErrorKind::unsupported: return 2;
        case ErrorKind::unavailable:
        case ErrorKind::conflict: return 3;
        case ErrorKind::corrupt: return 5;
        default: return 1;
    }
}

}  // namespace weir::app
