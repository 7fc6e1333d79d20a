#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace weir::capture::postgres {

/// A PostgreSQL server in a folder of its own, on a free port of the loopback interface, with
/// wal_level = logical: for the demo and for tests. As root it runs as the user `postgres`. It dies
/// with this process. One thread.
class PrivateServer {
public:
    struct Options {
        std::filesystem::path folder;       // Made if missing; a cluster in it is used again.
        std::vector<std::string> settings;  // Lines of postgresql.conf, after the defaults.
        bool durable = false;               // Whether fsync stays on.
    };

    /// Fails with `not_found` if the machine has no server programs, with the remedy.
    static Result<PrivateServer> start(const Options& options);

    PrivateServer(PrivateServer&& other) noexcept;
    PrivateServer& operator=(PrivateServer&&) = delete;
    ~PrivateServer();

    /// Stops the server at once, as a power cut would leave it: kill -9 of every process.
    void kill();
    /// Starts it again on the same port.
    Status restart();
    /// Stops the server cleanly.
    void stop();

    std::string url(std::string_view database = "postgres") const;
    std::uint16_t port() const { return port_; }

private:
    PrivateServer(Options options, std::filesystem::path programs);

    Status make_cluster() const;
    Status spawn();
    Status wait_until_ready();
    bool answers() const;

    Options options_;
    std::filesystem::path programs_;
    std::uint16_t port_ = 0;
    pid_t process_ = 0;  // 0: it does not run.
};

/// Returns the folder of the server's programs: the one that the environment variable
/// WEIR_POSTGRES_PROGRAMS names, Debian's newest, or one of PATH.
Result<std::filesystem::path> find_server_programs();

}  // namespace weir::capture::postgres
