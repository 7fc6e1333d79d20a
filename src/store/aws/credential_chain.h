#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/aws/credentials.h"
#include "store/http_client.h"

namespace weir::store::aws {

/// Finds credentials where AWS's own tools look, in their order: environment, web identity, profile
/// files, container, machine. Keeps them, and fetches new ones five minutes before they expire. Any
/// thread may call it. `http` and `clock` outlive it.
class CredentialChain {
public:
    CredentialChain(Environment environment, std::string region, HttpClient& http,
                    const Clock& clock)
        : environment_(std::move(environment)),
          region_(std::move(region)),
          http_(http),
          clock_(clock) {}

    /// Fails with `denied` if there are none; the message says what was looked at.
    Result<Credentials> get();
    /// Fetches anew at the next `get`: a service has said that these have expired.
    void forget();

private:
    Result<Credentials> find() const;
    Result<std::optional<Credentials>> find_by_http() const;
    bool is_fresh() const;

    Environment environment_;
    std::string region_;
    HttpClient& http_;
    const Clock& clock_;
    std::mutex mutex_;
    std::optional<Credentials> kept_;  // Guarded by mutex_.
};

/// Returns the region that environment or profile name; empty if they name none.
Result<std::string> configured_region(const Environment& environment);

}  // namespace weir::store::aws
