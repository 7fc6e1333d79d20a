#include "app/protection.h"

#include "capture/postgres/source_address.h"

namespace weir::app {

namespace {

bool is_of_this_machine(std::string_view endpoint) {
    for (const std::string_view host : {"http://127.", "http://localhost", "http://[::1]"}) {
        if (endpoint.starts_with(host)) {
            return true;
        }
    }
    return false;
}

}  // namespace

Status check_plaintext(const Configuration& configuration) {
    const std::string& endpoint = configuration.s3.endpoint;
    if (endpoint.starts_with("http:") && !is_of_this_machine(endpoint) &&
        !configuration.allow_plaintext) {
        return fail(ErrorKind::invalid,
                    "objects would cross the network in plaintext: name an https endpoint, or set "
                    "allow_plaintext: true, endpoint={}",
                    endpoint);
    }
    TRY_LET(const auto source, capture::postgres::address_of(configuration.source_url));
    if (source.is_local() || configuration.allow_plaintext) {
        return {};
    }
    return fail(ErrorKind::invalid,
                "the source is on another machine, and this release does not encrypt the store: "
                "put it on an encrypted disk and set allow_plaintext: true, store={}",
                configuration.store);
}

}  // namespace weir::app
