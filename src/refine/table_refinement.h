#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "columnar/parquet_reader.h"
#include "columnar/parted_writer.h"
#include "refine/quarantine_file.h"
#include "refine/refine_place.h"
#include "refine/row_refiner.h"

namespace weir::refine {

/// The cut that is being refined.
struct RefinedCutName {
    ledger::CutNumber cut{};
    Timestamp commit_time;  // Of its last transaction.
};

/// What refining made of a table, or of several.
struct RefinedFiles {
    std::vector<ledger::DataFile> files;
    std::vector<ledger::DataFile> quarantine;
    std::uint64_t refined = 0;
    std::uint64_t quarantined = 0;
};

/// Refines one table of one cut, landed file by landed file, in bounded memory. A file never mixes
/// schema versions. One thread at a time; dropped without `finish` it leaves nothing that is read.
class TableRefinement {
public:
    TableRefinement(RefinePlace& place, catalog::TableName table, RefinedCutName name,
                    columnar::PartSize size = {});
    TableRefinement(const TableRefinement&) = delete;
    TableRefinement& operator=(const TableRefinement&) = delete;

    /// Refines one landed file. Files come in order.
    Status refine(const std::shared_ptr<const catalog::TableContract>& contract,
                  columnar::ParquetReader& landed);
    /// Finishes the files and adds them to `all`.
    Status finish(RefinedFiles& all) &&;

private:
    /// The writers of one schema version.
    struct Version {
        catalog::SchemaVersion version{};
        RowRefiner refiner;
        columnar::PartedWriter refined;
        columnar::PartedWriter quarantined;
    };

    Status begin_version(const std::shared_ptr<const catalog::TableContract>& contract);
    Status finish_version();
    Result<std::unique_ptr<store::ByteSink>> open_refined(std::uint32_t part);
    Result<std::unique_ptr<store::ByteSink>> open_quarantined(std::uint32_t part);
    Status finish_refined(columnar::PartedWriter writer, catalog::SchemaVersion version);
    Status finish_quarantined(columnar::PartedWriter writer, catalog::SchemaVersion version);

    RefinePlace& place_;
    catalog::TableName table_;
    RefinedCutName name_;
    columnar::PartSize size_;
    std::unique_ptr<Version> version_;
    std::vector<std::shared_ptr<SealedObject>> sealed_;  // By quarantine part, from 1.
    RefinedFiles done_;
};

}  // namespace weir::refine
