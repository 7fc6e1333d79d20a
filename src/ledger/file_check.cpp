#include "ledger/file_check.h"

#include <algorithm>

#include "ledger/file_list.h"

namespace weir::ledger {
namespace {

constexpr std::uint64_t read_bytes = 1 << 20U;

Result<Digest> hash_object(const store::ObjectStore& store, const std::string& key) {
    Sha256 hash;
    for (std::uint64_t offset = 0;; offset += read_bytes) {
        TRY_LET(const auto bytes, store.read_range(key, offset, read_bytes));
        hash.update(bytes);
        if (bytes.size() < read_bytes) {
            return std::move(hash).finish();
        }
    }
}

}  // namespace

Status FileCheck::add(std::uint64_t index, const Entry& entry) {
    if (std::holds_alternative<SnapshotStarted>(entry.body)) {
        std::erase_if(files_, [](const NamedFile& file) { return file.of_chunk; });
    } else if (const auto* const schema = std::get_if<SchemaChanged>(&entry.body)) {
        return add_contract(*schema).with(fmt::format("entry {}", index));
    } else if (const auto* const chunk = std::get_if<ChunkLanded>(&entry.body)) {
        return add_list(index, entry, chunk->files, false);
    } else if (const auto* const cut = std::get_if<CutLanded>(&entry.body)) {
        return add_list(index, entry, cut->files, false);
    } else if (const auto* const refined = std::get_if<CutRefined>(&entry.body)) {
        TRY(add_list(index, entry, refined->files, false));
        return add_list(index, entry, refined->quarantine, true);
    }
    return {};
}

Status FileCheck::add_contract(const SchemaChanged& body) {
    ++documents_;
    return check_named_by_hash(store_, contract_key(body), body.contract);
}

Status FileCheck::add_list(std::uint64_t index, const Entry& entry, const FileList& list,
                           bool sealed) {
    documents_ += std::holds_alternative<Manifest>(list) ? 1U : 0U;
    TRY_LET(const auto files, read_file_list(store_, list).with(fmt::format("entry {}", index)));
    for (const DataFile& file : files) {
        files_.push_back({.entry = index,
                          .key = sealed ? sealed_key(file.path, entry.run.epoch)
                                        : stored_key(file.path, entry.run.epoch),
                          .bytes = file.bytes,
                          .sha256 = file.sha256,
                          .of_chunk = std::holds_alternative<ChunkLanded>(entry.body)});
    }
    return {};
}

Status FileCheck::check(bool hash_files) const {
    for (const NamedFile& file : files_) {
        TRY(check_file(file, hash_files).with(fmt::format("entry {}", file.entry)));
    }
    return {};
}

Status FileCheck::check_file(const NamedFile& file, bool hash_files) const {
    const auto info = store_.stat(file.key);
    if (!info && info.error().kind() == ErrorKind::not_found) {
        return fail(ErrorKind::corrupt, "the file is missing, path={}", file.key);
    }
    if (!info) {
        return std::unexpected(info.error());
    }
    const bool same_size = info->bytes == file.bytes;
    if (same_size && !hash_files) {
        return {};
    }
    TRY_LET(const Digest found, hash_object(store_, file.key));
    if (found != file.sha256) {
        return fail(ErrorKind::corrupt, "{}, bytes={}, expected={}, path={}", describe(found),
                    info->bytes, file.bytes, file.key);
    }
    if (!same_size) {
        return fail(ErrorKind::corrupt, "the entry's size is not the file's, bytes={}, path={}",
                    info->bytes, file.key);
    }
    return {};
}

std::string FileCheck::describe(const Digest& found) const {
    const auto other = std::ranges::find(files_, found, &NamedFile::sha256);
    if (other != files_.end()) {
        return fmt::format("the file was swapped: it is that of entry {}, {}", other->entry,
                           other->key);
    }
    return "the file was changed: it has not the hash that was committed";
}

std::uint64_t FileCheck::bytes() const {
    std::uint64_t bytes = 0;
    for (const NamedFile& file : files_) {
        bytes += file.bytes;
    }
    return bytes;
}

}  // namespace weir::ledger
