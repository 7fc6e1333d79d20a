#include "store/free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::store {

Result<std::uint16_t> free_port() {
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    // The sockets API takes every kind of address as this one.
    auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT(*-reinterpret-cast)
    const bool bound = descriptor >= 0 && bind(descriptor, generic, size) == 0 &&
                       getsockname(descriptor, generic, &size) == 0;
    close(descriptor);
    if (!bound) {
        return fail(ErrorKind::unavailable,
                    "cannot find a free port on the loopback interface; end a program that listens "
                    "there, or widen net.ipv4.ip_local_port_range");
    }
    return ntohs(address.sin_port);
}

}  // namespace weir::store
