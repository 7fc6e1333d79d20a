#pragma once

#include <httplib.h>

#include <string>
#include <thread>

namespace weir::store {

/// A server on the loopback interface that a test plays. Clients go before it does: it waits for
/// their connections.
class PlayedServer {
public:
    PlayedServer() : port_(routes_.bind_to_any_port("127.0.0.1")) {}
    PlayedServer(const PlayedServer&) = delete;
    PlayedServer& operator=(const PlayedServer&) = delete;
    ~PlayedServer() {
        routes_.stop();
        thread_.join();
    }

    /// What it answers. Filled before `start`.
    httplib::Server& routes() { return routes_; }
    void start() {
        thread_ = std::thread([this] { routes_.listen_after_bind(); });
        while (!routes_.is_running()) {
            std::this_thread::yield();
        }
    }
    std::string url(const std::string& path = "") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }

private:
    httplib::Server routes_;
    int port_;
    std::thread thread_;
};

}  // namespace weir::store
