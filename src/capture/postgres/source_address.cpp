#include "capture/postgres/source_address.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <string_view>

namespace weir::capture::postgres {
namespace {

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

struct FinishConnection {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};

/// Adds the values that are there; earlier ones stay.
void take(const PQconninfoOption* option, std::map<std::string_view, std::string>& values) {
    for (; option != nullptr && option->keyword != nullptr; ++option) {
        if (option->val != nullptr && *option->val != '\0') {
            values.emplace(option->keyword, option->val);
        }
    }
}

bool is_loopback(const std::string& host) {
    in_addr four{};
    if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
        constexpr std::uint32_t loopback_network = 127;
        return ntohl(four.s_addr) >> 24U == loopback_network;
    }
    in6_addr six{};
    return inet_pton(AF_INET6, host.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

}  // namespace

bool SourceAddress::is_local() const {
    return host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
           is_loopback(host);
}

Result<SourceAddress> address_of(const std::string& url) {
    const Options given(PQconninfoParse(url.c_str(), nullptr));
    if (!given) {
        return fail(ErrorKind::invalid,
                    "cannot read the source's URL; write postgres://user@host:port/database");
    }
    // libpq fills in what the environment and service files say only where it is to connect; it
    // does not get that far with a mode that it does not know.
    const std::array<const char*, 3> names{"dbname", "sslmode", nullptr};
    const std::array<const char*, 3> values_of{url.c_str(), "only to be read", nullptr};
    const std::unique_ptr<PGconn, FinishConnection> connection(
        PQconnectStartParams(names.data(), values_of.data(), 1));
    const std::string_view said = PQerrorMessage(connection.get());
    if (said.find("service") != std::string_view::npos) {
        return fail(ErrorKind::invalid, "cannot read the source's URL: {}",
                    said.substr(0, said.find('\n')));
    }
    const Options options(PQconninfo(connection.get()));
    std::map<std::string_view, std::string> values;
    take(options.get(), values);
    SourceAddress address;
    // Where both are given, libpq connects to the address and takes the host for a name only.
    address.host = values.contains("hostaddr") ? values["hostaddr"] : values["host"];
    if (address.host.empty()) {
        address.host = "/var/run/postgresql";  // Any folder: libpq's own socket.
    }
    address.database = values.contains("dbname") ? values["dbname"] : values["user"];
    const std::string& port = values["port"];
    std::from_chars(port.data(), port.data() + port.size(), address.port);
    return address;
}

}  // namespace weir::capture::postgres
