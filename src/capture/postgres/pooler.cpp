#include "capture/postgres/pooler.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir::capture::postgres {
namespace {

constexpr std::array refusals{
    std::string_view("unsupported startup parameter"),              // PgBouncer, Odyssey
    std::string_view("unsupported pkt type"),                       // PgBouncer
    std::string_view("replication connections are not supported"),  // PgBouncer before 1.23
    std::string_view("no such database"),                           // PgBouncer before 1.20
    std::string_view("RDS Proxy"),
    std::string_view("Tenant or user not found"),  // Supabase's Supavisor
    std::string_view("not allowed in transaction pooling"),
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> providers{{
    {"pooler.supabase.com",
     "Supabase: the direct connection, db.<project>.supabase.co and port 5432"},
    {"-pooler.", "Neon: the host without -pooler"},
    {".proxy-", "Amazon RDS Proxy: the endpoint of the instance or cluster itself"},
    {"postgres.database.azure.com", "Azure: port 5432 in place of 6432"},
    {"ondigitalocean.com", "DigitalOcean: the cluster's port 25060 in place of the pool's 25061"},
}};

}  // namespace

bool is_pooler_refusal(std::string_view message) {
    return std::ranges::any_of(refusals, [&](std::string_view words) {
        return message.find(words) != std::string_view::npos;
    });
}

std::string direct_address(std::string_view host) {
    for (const auto& [part, remedy] : providers) {
        if (host.find(part) != std::string_view::npos) {
            return std::string(remedy);
        }
    }
    return "host and port of PostgreSQL, commonly 5432, in place of PgBouncer's, commonly 6432";
}

Status check_direct(Connection& connection) {
    TRY_LET(const auto rows, connection.query("SELECT pg_backend_pid()"));
    if (rows[0][0] == std::to_string(connection.process())) {
        return {};
    }
    return fail(ErrorKind::unsupported,
                "a pooler stands between weir and the server, and keeps no session whole: connect "
                "to the server itself; {}",
                direct_address(connection.host()));
}

}  // namespace weir::capture::postgres
