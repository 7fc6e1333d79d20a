#include "landing/orphans.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "landing/landed_path.h"
#include "ledger/file_list.h"

namespace weir::landing {
namespace {

constexpr std::string_view zone = "landing";

struct NamedFiles {
    std::set<std::string> keys;
    ledger::Epoch capture{};  // The lease's newest.
};

Result<NamedFiles> named_files(ledger::Ledger& ledger) {
    NamedFiles named;
    TRY_LET(const auto entries, ledger.read_from({}));
    for (const ledger::Entry& entry : entries) {
        if (std::holds_alternative<ledger::LeaseTaken>(entry.body) &&
            entry.run.stage == ledger::Stage::capture) {
            named.capture = entry.run.epoch;
        }
        for (const ledger::NamedList& list : ledger::lists_of(entry.body)) {
            if (list.folder != zone) {
                continue;
            }
            TRY_LET(const auto files, ledger.read_files(list.files));
            for (const ledger::DataFile& file : files) {
                named.keys.insert(ledger::object_key(file, entry.run.epoch, list));
            }
        }
    }
    return named;
}

}  // namespace

Result<std::vector<store::ObjectInfo>> orphans(const store::ObjectStore& store,
                                               ledger::Ledger& ledger) {
    // Listed first: what is committed in between is named by the time the ledger is read.
    TRY_LET(auto objects, store.list(fmt::format("{}/", zone)));
    TRY_LET(const NamedFiles named, named_files(ledger));
    std::erase_if(objects, [&](const store::ObjectInfo& object) {
        const auto epoch = epoch_of_key(object.key);
        return !epoch || *epoch >= named.capture || named.keys.contains(object.key);
    });
    return objects;
}

Result<std::uint64_t> remove_orphans(store::ObjectStore& store, ledger::Ledger& ledger,
                                     std::string_view now) {
    TRY_LET(const auto found, orphans(store, ledger));
    TRY_LET(const store::ObjectInfo written, store.stat(now));
    std::uint64_t removed = 0;
    for (const store::ObjectInfo& orphan : found) {
        if (written.modified - orphan.modified >= orphan_age_min) {
            TRY(store.remove(orphan.key));
            ++removed;
        }
    }
    return removed;
}

}  // namespace weir::landing
