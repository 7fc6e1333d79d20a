#include "refine/quarantine_list.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <map>
#include <utility>

#include "refine/quarantine_file.h"

namespace weir::refine {
namespace {

/// Rows by reason and column.
using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

Status count_rows(const arrow::RecordBatch& rows, Counts& counts) {
    const auto reason = rows.GetColumnByName("reason");
    const auto column = rows.GetColumnByName("column");
    if (reason == nullptr || reason->type_id() != arrow::Type::STRING || column == nullptr ||
        column->type_id() != arrow::Type::STRING) {
        return fail(ErrorKind::corrupt, "cannot read quarantine: it has no reasons");
    }
    const auto& reasons = static_cast<const arrow::StringArray&>(*reason);
    const auto& columns = static_cast<const arrow::StringArray&>(*column);
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
        ++counts[{reasons.GetString(row), columns.GetString(row)}];
    }
    return {};
}

Status count_file(columnar::ParquetReader reader, Counts& counts) {
    while (true) {
        TRY_LET(const auto rows, reader.next());
        if (rows == nullptr) {
            return {};
        }
        TRY(count_rows(*rows, counts));
    }
}

}  // namespace

Result<std::vector<QuarantineCount>> list_quarantine(const store::ObjectStore& store,
                                                     const ledger::Ledger& ledger,
                                                     const ledger::PipelineState& state,
                                                     const store::SealingKey& key) {
    std::vector<QuarantineCount> list;
    for (const auto& [cut, refined] : state.refined) {
        TRY_LET(const auto files, ledger.read_files(refined.entry.quarantine));
        std::map<catalog::TableName, Counts> tables;
        for (const ledger::DataFile& file : files) {
            TRY_LET(auto reader, open_quarantine(store, key, file, refined.epoch));
            TRY(count_file(std::move(reader), tables[file.table]));
        }
        for (const auto& [table, counts] : tables) {
            for (const auto& [what, rows] : counts) {
                list.push_back({.cut = cut,
                                .table = table,
                                .reason = what.first,
                                .column = what.second,
                                .rows = rows});
            }
        }
    }
    return list;
}

}  // namespace weir::refine
