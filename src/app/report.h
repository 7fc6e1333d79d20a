#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::app {

/// What a command says: lines for people, or with `--json` one object at the end and nothing else
/// on standard output. Progress goes to standard error: rewritten in place on a terminal, as lines
/// elsewhere. Any thread may call it.
class Report {
public:
    explicit Report(bool json);

    bool json() const { return json_; }
    /// Writes a line for people.
    void line(std::string_view text);
    /// Shows how far the work is; replaces what was shown before.
    void progress(std::string_view text);
    /// Ends the progress line.
    void end_progress();
    /// Writes the object of `--json`.
    void result(const nlohmann::json& object);
    /// Says what went wrong, on standard error.
    void error(const Error& error);

private:
    bool json_;
    bool terminal_;
    bool progress_shown_ = false;
    std::string shown_;
};

/// The exit code of a one-shot command that failed (docs/architecture.md).
int exit_code(ErrorKind kind);

}  // namespace weir::app
