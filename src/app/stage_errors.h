#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::app {

/// What each stage fails at, for `weir status` of another process: a file `<stage>.error` in the
/// pipeline's folder `run`, gone once the stage has done something again. It holds what standard
/// error says, so no row values. Any thread may call it.
class StageErrors {
public:
    explicit StageErrors(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// Keeps the error. Best effort: the caller has said it already.
    void note(std::string_view stage, const Error& error);
    void clear(std::string_view stage);
    std::optional<std::string> read(std::string_view stage) const;

private:
    std::filesystem::path file_of(std::string_view stage) const;

    std::filesystem::path folder_;
    std::mutex mutex_;
};

}  // namespace weir::app
