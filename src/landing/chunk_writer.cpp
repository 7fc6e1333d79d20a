#include "landing/chunk_writer.h"

#include <arrow/record_batch.h>

#include <string>
#include <utility>

#include "landing/landed_path.h"

namespace weir::landing {
namespace {

std::string path_of(const catalog::TableName& table, const ChunkName& name, std::uint32_t part) {
    return chunk_file_path(table, name.time, name.attempt, name.chunk, part);
}

}  // namespace

ChunkWriter::ChunkWriter(store::ObjectStore& store, const columnar::ParquetKeys* keys,
                         std::shared_ptr<const catalog::TableContract> contract,
                         const ChunkName& name, columnar::PartSize size)
    : contract_(std::move(contract)),
      name_(name),
      files_(
          [&store, name, table = contract_->name](std::uint32_t part) {
              return store.create(ledger::stored_key(path_of(table, name, part), name.epoch));
          },
          keys,
          [name, table = contract_->name](std::uint32_t part) {
              return ledger::bound_name(path_of(table, name, part));
          },
          size) {}

Status ChunkWriter::check(const catalog::TableContract& contract) const {
    if (contract.name != contract_->name || contract.version != contract_->version) {
        return fail(ErrorKind::internal,
                    "cannot land chunk: the source gave another table or version, table={}, "
                    "version={}, given={}, given_version={}",
                    contract_->name.to_string(), contract_->version.number,
                    contract.name.to_string(), contract.version.number);
    }
    return {};
}

Status ChunkWriter::schema_changed(std::shared_ptr<const catalog::TableContract> contract) {
    return check(*contract);
}

Status ChunkWriter::set_aside(const catalog::TableName& table, change::AsideReason /*reason*/,
                              std::string_view /*detail*/) {
    return fail(ErrorKind::internal, "cannot land chunk: its table has two shapes, table={}",
                table.to_string());
}

Status ChunkWriter::write(const change::ChangeBatch& batch) {
    TRY(check(*batch.contract));
    TRY(files_.write(batch));
    rows_ += static_cast<std::uint64_t>(batch.rows->num_rows());
    return {};
}

Result<std::vector<ledger::DataFile>> ChunkWriter::finish() && {
    TRY_LET(const auto parts, std::move(files_).finish());
    std::vector<ledger::DataFile> files;
    files.reserve(parts.size());
    for (const LandedPart& part : parts) {
        files.push_back({.table = contract_->name,
                         .path = path_of(contract_->name, name_, part.written.part),
                         .rows = part.written.file.rows,
                         .bytes = part.written.file.bytes,
                         .sha256 = part.written.file.sha256,
                         .schema_version = part.version});
    }
    return files;
}

}  // namespace weir::landing
