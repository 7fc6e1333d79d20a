#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace weir::capture::postgres {

/// Where a source is, as its URL or connection string says, without user and password.
struct SourceAddress {
    std::string host;  // A name, an address, or the folder of a local socket.
    std::uint16_t port = 5432;
    std::string database;

    /// Whether nothing that is read from it leaves this machine.
    bool is_local() const;
};

/// Reads what libpq would: the parts that the text leaves out come from libpq's environment
/// variables and defaults. Fails with `invalid` on what is no URL and no connection string.
Result<SourceAddress> address_of(const std::string& url);

}  // namespace weir::capture::postgres
