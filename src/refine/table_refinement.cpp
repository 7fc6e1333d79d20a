#include "refine/table_refinement.h"

#include <arrow/record_batch.h>

#include <utility>

#include "refine/processing_path.h"

namespace weir::refine {
namespace {

std::uint32_t next_part(const std::vector<ledger::DataFile>& files) {
    return static_cast<std::uint32_t>(files.size()) + 1;
}

}  // namespace

TableRefinement::TableRefinement(RefinePlace& place, catalog::TableName table, RefinedCutName name,
                                 columnar::PartSize size)
    : place_(place), table_(std::move(table)), name_(name), size_(size) {}

Status TableRefinement::refine(const std::shared_ptr<const catalog::TableContract>& contract,
                               columnar::ParquetReader& landed) {
    if (!version_ || version_->version != contract->version) {
        TRY(begin_version(contract));
    }
    while (true) {
        TRY_LET(const auto rows, landed.next());
        if (rows == nullptr) {
            return {};
        }
        TRY_LET(const RefinedRows dealt, version_->refiner.refine(*rows));
        for (const auto& batch : dealt.refined) {
            TRY(version_->refined.write(batch));
            done_.refined += static_cast<std::uint64_t>(batch->num_rows());
        }
        for (const auto& batch : dealt.quarantined) {
            TRY(version_->quarantined.write(batch));
            done_.quarantined += static_cast<std::uint64_t>(batch->num_rows());
        }
    }
}

Status TableRefinement::finish(RefinedFiles& all) && {
    TRY(finish_version());
    all.files.insert(all.files.end(), done_.files.begin(), done_.files.end());
    all.quarantine.insert(all.quarantine.end(), done_.quarantine.begin(), done_.quarantine.end());
    all.refined += done_.refined;
    all.quarantined += done_.quarantined;
    return {};
}

Status TableRefinement::begin_version(
    const std::shared_ptr<const catalog::TableContract>& contract) {
    TRY(finish_version());
    TRY_LET(auto refiner,
            RowRefiner::make(*contract, place_.declared, name_.cut, name_.commit_time));
    columnar::PartedWriter refined(
        refiner.schema(), [this](std::uint32_t part) { return open_refined(part); },
        next_part(done_.files), size_,
        {.keys = place_.keys, .name = [this](std::uint32_t part) {
             return ledger::bound_name(processing_path(table_, name_.commit_time, name_.cut, part));
         }});
    columnar::PartedWriter quarantined(
        quarantine_schema(*contract), [this](std::uint32_t part) { return open_quarantined(part); },
        next_part(done_.quarantine), size_);
    version_ = std::make_unique<Version>(Version{.version = contract->version,
                                                 .refiner = std::move(refiner),
                                                 .refined = std::move(refined),
                                                 .quarantined = std::move(quarantined)});
    return {};
}

Status TableRefinement::finish_version() {
    if (!version_) {
        return {};
    }
    const auto version = std::exchange(version_, nullptr);
    TRY(finish_refined(std::move(version->refined), version->version));
    return finish_quarantined(std::move(version->quarantined), version->version);
}

Result<std::unique_ptr<store::ByteSink>> TableRefinement::open_refined(std::uint32_t part) {
    return place_.store.create(ledger::stored_key(
        processing_path(table_, name_.commit_time, name_.cut, part), place_.lease.epoch));
}

Result<std::unique_ptr<store::ByteSink>> TableRefinement::open_quarantined(std::uint32_t part) {
    return create_sealed(
        place_.store,
        ledger::sealed_key(quarantine_path(table_, name_.cut, part), place_.lease.epoch),
        place_.quarantine_key, sealed_.emplace_back(std::make_shared<SealedObject>()));
}

Status TableRefinement::finish_refined(columnar::PartedWriter writer,
                                       catalog::SchemaVersion version) {
    TRY_LET(const auto parts, std::move(writer).finish());
    for (const columnar::WrittenPart& part : parts) {
        done_.files.push_back(
            {.table = table_,
             .path = processing_path(table_, name_.commit_time, name_.cut, part.part),
             .rows = part.file.rows,
             .bytes = part.file.bytes,
             .sha256 = part.file.sha256,
             .schema_version = version});
    }
    return {};
}

Status TableRefinement::finish_quarantined(columnar::PartedWriter writer,
                                           catalog::SchemaVersion version) {
    TRY_LET(const auto parts, std::move(writer).finish());
    for (const columnar::WrittenPart& part : parts) {
        const SealedObject& object = *sealed_.at(part.part - 1);
        done_.quarantine.push_back({.table = table_,
                                    .path = quarantine_path(table_, name_.cut, part.part),
                                    .rows = part.file.rows,
                                    .bytes = object.bytes,
                                    .sha256 = object.sha256,
                                    .schema_version = version});
    }
    return {};
}

}  // namespace weir::refine
