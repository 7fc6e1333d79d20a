#include "app/protection.h"

#include "capture/postgres/source_address.h"

namespace weir::app {

Status check_plaintext(const Configuration& configuration) {
    TRY_LET(const auto source, capture::postgres::address_of(configuration.source_url));
    if (source.is_local() || configuration.allow_plaintext) {
        return {};
    }
    return fail(ErrorKind::invalid,
                "the source is on another machine, and this release does not encrypt the store: "
                "put it on an encrypted disk and set allow_plaintext: true, store={}",
                configuration.store.string());
}

}  // namespace weir::app
