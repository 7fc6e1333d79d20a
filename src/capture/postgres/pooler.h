#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/postgres/connection.h"

namespace weir::capture::postgres {

// A pooler (PgBouncer and its like) hands out sessions of a server. It passes no replication
// connection on, or not whole, and forgets what a session has set.

/// Whether these words that ended an attempt to connect are a pooler's, not PostgreSQL's.
bool is_pooler_refusal(std::string_view message);

/// What to write in place of the pooler's address, by the provider whose `host` it is.
std::string direct_address(std::string_view host);

/// Fails with `unsupported` and the remedy if something stands between this session and the server:
/// then the process that the session was told of at its start is not the one that serves it.
Status check_direct(Connection& connection);

}  // namespace weir::capture::postgres
