#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "base/assert.h"

namespace weir::app {

/// Follows the messages of one direction of PostgreSQL's protocol: a letter, four bytes of size
/// that count themselves, and content. A client's first message has no letter.
class MessageBounds {
public:
    explicit MessageBounds(bool has_letter) : header_(has_letter ? 5 : 4) {}

    /// Takes bytes up to the end of the message at hand and returns how many those were.
    std::size_t take(std::span<const unsigned char> bytes) {
        std::size_t taken = 0;
        while (taken < bytes.size() && !ended_) {
            seen_ += 1;
            if (seen_ > header_ - 4 && seen_ <= header_) {
                left_ = left_ << 8U | bytes[taken];
            }
            taken += 1;
            ended_ = seen_ >= header_ && seen_ == left_ + header_ - 4;
        }
        return taken;
    }
    /// Returns whether a message has ended, and begins the next one if so.
    bool take_end() {
        if (!ended_) {
            return false;
        }
        *this = MessageBounds(true);
        return true;
    }

private:
    std::uint64_t header_;
    std::uint64_t seen_ = 0;
    std::uint64_t left_ = 0;
    bool ended_ = false;
};

/// A proxy before a PostgreSQL server, for tests, that cuts a connection right after the message
/// with a number has passed, or kills a process then. It is a process of its own without threads,
/// and ends with this object or with its parent. The URL must say `sslmode=disable`.
class CuttingProxy {
public:
    /// `message` counts from 1, over all connections and both directions; at 0 nothing is cut.
    CuttingProxy(std::uint16_t server, std::uint64_t message) : server_(server), message_(message) {
        void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        WEIR_ASSERT(memory != MAP_FAILED);
        shared_ = new (memory) Shared;
        listener_ = listen();
        process_ = ::fork();
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve();
        }
        ::close(listener_);
    }
    CuttingProxy(const CuttingProxy&) = delete;
    CuttingProxy& operator=(const CuttingProxy&) = delete;
    ~CuttingProxy() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        ::munmap(shared_, sizeof(Shared));
    }

    std::uint16_t port() const { return port_; }
    std::uint64_t messages() const { return shared_->messages; }
    bool has_cut() const { return message_ != 0 && messages() >= message_; }
    /// Kills this process besides.
    void kill_then(pid_t victim) { shared_->victim = victim; }

private:
    struct Shared {
        std::atomic<std::uint64_t> messages = 0;
        std::atomic<pid_t> victim = 0;
    };
    struct Pair {
        std::array<int, 2> ends;
        std::array<MessageBounds, 2> bounds = {MessageBounds(false), MessageBounds(true)};
    };

    static sockaddr_in address(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }

    // The sockets API takes every kind of address as this one.
    static sockaddr* generic(sockaddr_in& address) {
        return reinterpret_cast<sockaddr*>(&address);  // NOLINT(*-reinterpret-cast)
    }

    int listen() {
        const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        WEIR_ASSERT(listener >= 0);
        sockaddr_in own = address(0);
        socklen_t size = sizeof(own);
        WEIR_ASSERT(::bind(listener, generic(own), size) == 0);
        WEIR_ASSERT(::listen(listener, SOMAXCONN) == 0);
        WEIR_ASSERT(::getsockname(listener, generic(own), &size) == 0);
        port_ = ntohs(own.sin_port);
        return listener;
    }

    [[noreturn]] void serve() {
        for (;;) {
            std::vector<pollfd> waited{{.fd = listener_, .events = POLLIN, .revents = 0}};
            for (const Pair& pair : pairs_) {
                for (const int end : pair.ends) {
                    waited.push_back({.fd = end, .events = POLLIN, .revents = 0});
                }
            }
            if (::poll(waited.data(), waited.size(), -1) < 0) {
                continue;
            }
            std::size_t at = 1;
            for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
                const auto next = std::next(pair);
                const bool lives = (waited[at].revents == 0 || pass(*pair, 0)) &&
                                   (waited[at + 1].revents == 0 || pass(*pair, 1));
                if (!lives) {
                    close(pair);
                }
                pair = next;
            }
            if (waited[0].revents != 0) {
                accept();
            }
        }
    }

    void accept() {
        const int client = ::accept(listener_, nullptr, nullptr);
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in there = address(server_);
        if (::connect(server, generic(there), sizeof(there)) == 0) {
            pairs_.push_back({.ends = {client, server}});
        } else {
            ::close(client);
            ::close(server);
        }
    }

    void close(std::list<Pair>::iterator pair) {
        for (const int end : pair->ends) {
            ::close(end);
        }
        pairs_.erase(pair);
    }

    /// Passes on what one end has said. Returns false if the connection is to end.
    bool pass(Pair& pair, std::size_t from) {
        std::array<unsigned char, 16'384> buffer;
        const ssize_t count = ::recv(pair.ends.at(from), buffer.data(), buffer.size(), 0);
        if (count <= 0) {
            return false;
        }
        std::span<const unsigned char> bytes(buffer.data(), static_cast<std::size_t>(count));
        while (!bytes.empty()) {
            const std::size_t taken = pair.bounds.at(from).take(bytes);
            if (!send(pair.ends.at(1 - from), bytes.first(taken))) {
                return false;
            }
            bytes = bytes.subspan(taken);
            if (pair.bounds.at(from).take_end() && ++shared_->messages == message_) {
                if (shared_->victim != 0) {
                    ::kill(shared_->victim, SIGKILL);
                }
                return false;
            }
        }
        return true;
    }

    static bool send(int socket, std::span<const unsigned char> bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return false;
            }
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        }
        return true;
    }

    std::uint16_t server_;
    std::uint64_t message_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    pid_t process_ = 0;
    Shared* shared_ = nullptr;  // By both processes.
    std::list<Pair> pairs_;     // In the proxy's process only.
};

}  // namespace weir::app
