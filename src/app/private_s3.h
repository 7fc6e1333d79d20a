#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"

namespace weir::app {

/// A server of S3 (versitygw) of one's own, with one bucket in a folder. It lets in whom this
/// process's environment names from then on, and ends with it.
class PrivateS3 {
public:
    /// Fails with `not_found` if the program is not on PATH.
    static Result<std::unique_ptr<PrivateS3>> start(const std::filesystem::path& folder);
    /// Returns whether it could be started; fails as `start` would.
    static Result<std::filesystem::path> find_program();

    /// Returns the lines of weir.yaml that put a store there.
    std::string configuration() const;

private:
    explicit PrivateS3(std::string endpoint) : endpoint_(std::move(endpoint)) {}
    Status wait_until_ready(const std::filesystem::path& log) const;

    std::string endpoint_;
    std::jthread server_;  // Waits for the program, which dies with it.
};

}  // namespace weir::app
