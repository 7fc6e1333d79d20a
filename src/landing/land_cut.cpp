#include "landing/land_cut.h"

#include <utility>
#include <vector>

#include "base/assert.h"

namespace weir::landing {

Result<Timestamp> commit_with_news(LandingPlace& place, ContractBook& contracts,
                                   ledger::EntryBody entry) {
    TRY_LET(auto entries, contracts.store_news(place.ledger));
    entries.push_back(std::move(entry));
    TRY(place.ledger.append(place.lease, entries));
    const Timestamp committed = place.clock.now();
    TRY(ledger::catch_up(place.state, place.ledger));
    contracts.forget_news();
    return committed;
}

Result<change::CutEnd> read_changes(change::ChangeSource& source, change::CutBoundary& boundary,
                                    CutWriter& writer, const std::stop_token& stop) {
    const std::uint64_t before = writer.rows();
    TRY_LET(const change::CutEnd end, source.read_cut(boundary, writer, stop));
    if (writer.rows() - before != end.changes) {
        return fail(ErrorKind::internal,
                    "cannot land cut: the source counts other changes than it gave, position={}, "
                    "counted={}, given={}",
                    end.position.to_string(), end.changes, writer.rows() - before);
    }
    return end;
}

Result<CutReport> land_cut(LandingPlace& place, ContractBook& contracts, CutWriter&& writer,
                           ledger::CutLanded cut) {
    WEIR_ASSERT(cut.commit_time.has_value());
    TRY_LET(auto files, std::move(writer).finish(place.store, {.cut = cut.cut,
                                                               .commit_time = *cut.commit_time,
                                                               .epoch = place.lease.epoch}));
    CutReport report = report_of(cut, files);
    TRY_LET(cut.files, place.ledger.store_files(std::move(files)));
    TRY_LET(report.landed_time, commit_with_news(place, contracts, std::move(cut)));
    return report;
}

}  // namespace weir::landing
