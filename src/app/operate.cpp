#include "app/operate.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "base/sha256.h"

namespace weir::app {

Status append_as_operator(Pipeline& pipeline, const std::vector<ledger::EntryBody>& entries) {
    constexpr int tries = 20;
    for (int tried = 0;; ++tried) {
        TRY_LET(const ledger::Lease lease, pipeline.ledger().take_lease(ledger::Stage::operate));
        const auto appended = pipeline.ledger().append(lease, entries);
        if (appended) {
            return {};
        }
        // Somebody else took the lease in between.
        if (appended.error().kind() != ErrorKind::denied || tried == tries) {
            return std::unexpected(appended.error());
        }
    }
}

Status record_data_read(Pipeline& pipeline, const std::string& statement, std::uint64_t rows) {
    const passwd* user = ::getpwuid(::geteuid());
    return append_as_operator(
        pipeline,
        {ledger::DataRead{
            .principal = user != nullptr ? user->pw_name : fmt::format("uid {}", ::geteuid()),
            .statement = sha256(statement),
            .rows = rows}});
}

}  // namespace weir::app
