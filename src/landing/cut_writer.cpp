#include "landing/cut_writer.h"

#include <arrow/record_batch.h>

#include <utility>

#include "base/assert.h"
#include "landing/landed_path.h"

namespace weir::landing {
namespace {

Status name_file(store::ObjectStore& store, const Spill& spill, std::string key) {
    TRY_LET(const auto sink, store.create(std::move(key)));
    TRY(spill.copy_to(*sink));
    return sink->finish();
}

}  // namespace

CutWriter::Table::Table(const catalog::TableName& name, const CutWriter& writer)
    : files(
          [this,
           &space = writer.space_](std::uint32_t part) -> Result<std::unique_ptr<store::ByteSink>> {
              auto spill = std::make_shared<Spill>(space);
              spills.emplace(part, spill);
              return std::make_unique<SpillSink>(std::move(spill));
          },
          writer.keys_,
          [name, cut = writer.cut_](std::uint32_t part) {
              return ledger::bound_name(cut_file_path(name, {}, cut, part));
          },
          writer.size_) {}

Status CutWriter::schema_changed(std::shared_ptr<const catalog::TableContract> contract) {
    return contracts_.follow(contract);
}

Status CutWriter::set_aside(const catalog::TableName& table, change::AsideReason reason,
                            std::string_view detail) {
    contracts_.set_aside(table, reason, detail);
    return {};
}

Status CutWriter::write(const change::ChangeBatch& batch) {
    if (!contracts_.knows(*batch.contract)) {
        return fail(ErrorKind::internal,
                    "cannot land changes: a schema version was not announced, table={}, version={}",
                    batch.contract->name.to_string(), batch.contract->version.number);
    }
    auto& table = tables_[batch.contract->name];
    if (!table) {
        table = std::make_unique<Table>(batch.contract->name, *this);
    }
    TRY(table->files.write(batch));
    rows_ += static_cast<std::uint64_t>(batch.rows->num_rows());
    return {};
}

Result<std::vector<ledger::DataFile>> CutWriter::finish(store::ObjectStore& store,
                                                        const CutName& name) && {
    WEIR_ASSERT(name.cut == cut_);
    std::vector<ledger::DataFile> files;
    for (auto& [table_name, table] : tables_) {
        TRY_LET(const auto parts, std::move(table->files).finish());
        for (const LandedPart& part : parts) {
            const std::uint32_t number = part.written.part;
            const ledger::DataFile& file = files.emplace_back(ledger::DataFile{
                .table = table_name,
                .path = cut_file_path(table_name, name.commit_time, name.cut, number),
                .rows = part.written.file.rows,
                .bytes = part.written.file.bytes,
                .sha256 = part.written.file.sha256,
                .schema_version = part.version});
            TRY(name_file(store, *table->spills.at(number),
                          ledger::stored_key(file.path, name.epoch)));
            table->spills.erase(number);
        }
    }
    return files;
}

}  // namespace weir::landing
