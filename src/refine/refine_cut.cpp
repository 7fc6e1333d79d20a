#include "refine/refine_cut.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "columnar/parquet_reader.h"
#include "refine/table_refinement.h"

namespace weir::refine {
namespace {

struct LandedFile {
    ledger::DataFile file;
    ledger::Epoch epoch{};
};

/// The cut's files by table, each table's in the order of its rows.
Result<std::vector<LandedFile>> files_of(const ledger::Ledger& ledger,
                                         const ledger::LandedCut& landed) {
    std::vector<LandedFile> all;
    for (const auto& [list, epoch] : landed.files) {
        TRY_LET(auto files, ledger.read_files(list));
        for (ledger::DataFile& file : files) {
            all.push_back({.file = std::move(file), .epoch = epoch});
        }
    }
    std::ranges::sort(all, {}, [](const LandedFile& landed_file) {
        return std::tie(landed_file.file.table, landed_file.file.path);
    });
    return all;
}

/// One call of `refine_cut`.
class CutRefinement {
public:
    CutRefinement(RefinePlace& place, RefinedCutName name, columnar::PartSize size)
        : place_(place), name_(name), size_(size) {}

    Status add(const LandedFile& landed) {
        if (!table_ || landed.file.table != table_name_) {
            TRY(finish_table());
            table_name_ = landed.file.table;
            table_.emplace(place_, table_name_, name_, size_);
        }
        TRY_LET(const auto contract, contract_of(landed.file));
        const std::string key = ledger::stored_key(landed.file.path, landed.epoch);
        TRY_LET(auto reader,
                columnar::ParquetReader::open(
                    place_.store,
                    {.key = key, .bytes = landed.file.bytes, .sha256 = landed.file.sha256},
                    place_.keys, ledger::bound_name(landed.file.path)));
        if (reader.rows() != landed.file.rows) {
            return fail(ErrorKind::corrupt,
                        "cannot refine: a landed file has other rows than the ledger says, key={}, "
                        "rows={}, expected={}",
                        key, reader.rows(), landed.file.rows);
        }
        read_ += landed.file.rows;
        return table_->refine(contract, reader).with("refining " + key);
    }

    Result<RefinedFiles> finish(const ledger::CutLanded& entry) && {
        TRY(finish_table());
        if (read_ != entry.changes || read_ != all_.refined + all_.quarantined) {
            return fail(ErrorKind::corrupt,
                        "cannot refine cut: its rows do not add up, cut={}, landed={}, read={}, "
                        "refined={}, quarantined={}",
                        entry.cut.value, entry.changes, read_, all_.refined, all_.quarantined);
        }
        return std::move(all_);
    }

private:
    Status finish_table() {
        if (table_) {
            TRY(std::move(*table_).finish(all_));
            table_.reset();
        }
        return {};
    }

    Result<std::shared_ptr<const catalog::TableContract>> contract_of(
        const ledger::DataFile& file) {
        auto& contract = contracts_[{file.table, file.schema_version}];
        if (contract == nullptr) {
            const auto entry = place_.state.contracts.find({file.table, file.schema_version});
            if (entry == place_.state.contracts.end()) {
                return fail(ErrorKind::corrupt,
                            "cannot refine: the ledger has no contract for a landed file, "
                            "table={}, version={}",
                            file.table.to_string(), file.schema_version.number);
            }
            TRY_LET(auto read, place_.ledger.read_contract(entry->second));
            contract = std::make_shared<const catalog::TableContract>(std::move(read));
        }
        return contract;
    }

    RefinePlace& place_;
    RefinedCutName name_;
    columnar::PartSize size_;
    catalog::TableName table_name_;  // Of `table_`.
    std::optional<TableRefinement> table_;
    std::map<std::pair<catalog::TableName, catalog::SchemaVersion>,
             std::shared_ptr<const catalog::TableContract>>
        contracts_;
    std::uint64_t read_ = 0;
    RefinedFiles all_;
};

}  // namespace

Result<ledger::CutRefined> refine_cut(RefinePlace& place, const ledger::LandedCut& landed,
                                      columnar::PartSize size) {
    if (!landed.entry.commit_time) {
        return fail(ErrorKind::corrupt, "cannot refine cut: it has no commit time, cut={}",
                    landed.entry.cut.value);
    }
    CutRefinement refinement(
        place, {.cut = landed.entry.cut, .commit_time = *landed.entry.commit_time}, size);
    TRY_LET(const auto files, files_of(place.ledger, landed));
    for (const LandedFile& file : files) {
        TRY(refinement.add(file));
    }
    TRY_LET(RefinedFiles refined, std::move(refinement).finish(landed.entry));
    ledger::CutRefined entry{.cut = landed.entry.cut,
                             .read = refined.refined + refined.quarantined,
                             .refined = refined.refined,
                             .quarantined = refined.quarantined,
                             .deduplicated = 0,
                             .files = {},
                             .quarantine = {}};
    TRY_LET(entry.files, place.ledger.store_files(std::move(refined.files)));
    TRY_LET(entry.quarantine, place.ledger.store_files(std::move(refined.quarantine)));
    return entry;
}

namespace {

/// Cuts that are refined and not yet in the ledger.
class RefinedGroup {
public:
    RefinedGroup(RefinePlace& place, const RefineOptions& options)
        : place_(place), options_(options) {}

    Status add(ledger::CutRefined cut) {
        rows_ += cut.read;
        cuts_.push_back(std::move(cut));
        const bool full =
            cuts_.size() >= options_.cuts_per_append_max || rows_ >= options_.rows_per_append_max;
        return full ? append() : Status{};
    }

    Status append() {
        if (cuts_.empty()) {
            return {};
        }
        const std::vector<ledger::EntryBody> entries(cuts_.begin(), cuts_.end());
        TRY(place_.ledger.append(place_.lease, entries));
        for (const ledger::CutRefined& cut : cuts_) {
            if (options_.on_cut) {
                options_.on_cut(cut);
            }
        }
        appended_ += cuts_.size();
        cuts_.clear();
        rows_ = 0;
        return {};
    }

    std::uint64_t appended() const { return appended_; }

private:
    RefinePlace& place_;
    const RefineOptions& options_;
    std::vector<ledger::CutRefined> cuts_;
    std::uint64_t rows_ = 0;
    std::uint64_t appended_ = 0;
};

}  // namespace

Result<std::uint64_t> refine_waiting_cuts(RefinePlace place, const RefineOptions& options,
                                          const std::stop_token& stop) {
    TRY(ledger::catch_up(place.state, place.ledger));
    RefinedGroup group(place, options);
    for (auto cut = place.state.landed.upper_bound(place.state.last_refined());
         cut != place.state.landed.end() && !stop.stop_requested(); ++cut) {
        TRY_LET(auto refined, refine_cut(place, cut->second, options.part_size));
        TRY(group.add(std::move(refined)));
    }
    TRY(group.append());
    TRY(ledger::catch_up(place.state, place.ledger));
    return group.appended();
}

}  // namespace weir::refine
