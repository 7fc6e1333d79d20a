#include "ledger/file_list.h"

#include <utility>

#include "base/byte_text.h"
#include "ledger/json_value.h"

namespace weir::ledger {
namespace {

constexpr std::size_t entry_files_max = 8;
constexpr std::size_t list_bytes_max = 1700;  // An entry may have two lists.

}  // namespace

std::vector<NamedList> lists_of(const EntryBody& body) {
    if (const auto* const chunk = std::get_if<ChunkLanded>(&body)) {
        return {{.files = chunk->files, .folder = "landing"}};
    }
    if (const auto* const cut = std::get_if<CutLanded>(&body)) {
        return {{.files = cut->files, .folder = "landing"}};
    }
    if (const auto* const refined = std::get_if<CutRefined>(&body)) {
        return {{.files = refined->files, .folder = "processing"},
                {.files = refined->quarantine, .folder = "quarantine", .sealed = true}};
    }
    return {};
}

std::string object_key(const DataFile& file, Epoch epoch, const NamedList& list) {
    return list.sealed ? sealed_key(file.path, epoch) : stored_key(file.path, epoch);
}

std::string manifest_key(const Manifest& manifest) {
    return fmt::format("ledger/manifests/{}.json", to_hex(manifest.sha256));
}

std::string contract_key(const SchemaChanged& entry) {
    return fmt::format("contracts/{}/{}-{}.json", entry.table.to_string(), entry.version.number,
                       to_hex(entry.contract));
}

Status create_named_by_hash(store::ObjectStore& store, const std::string& key,
                            std::span<const std::byte> bytes) {
    Status created = store::create_object(store, key, bytes);
    if (created || created.error().kind() != ErrorKind::already_exists) {
        return created;
    }
    return check_named_by_hash(store, key, sha256(bytes));
}

Result<std::string> read_named_by_hash(const store::ObjectStore& store, const std::string& key,
                                       const Digest& digest) {
    const auto object = store.read(key);
    if (!object && object.error().kind() == ErrorKind::not_found) {
        return fail(ErrorKind::corrupt, "the file is missing, path={}", key);
    }
    if (!object) {
        return std::unexpected(object.error());
    }
    if (sha256(object->bytes) != digest) {
        return fail(ErrorKind::corrupt, "the file was changed: it has not its hash, path={}", key);
    }
    return std::string(as_text(object->bytes));
}

Status check_named_by_hash(const store::ObjectStore& store, const std::string& key,
                           const Digest& digest) {
    const auto text = read_named_by_hash(store, key, digest);
    return text ? Status{} : std::unexpected(text.error());
}

Result<FileList> store_file_list(store::ObjectStore& store, std::vector<DataFile> files) {
    Json list;
    TRY(write_value(list, files));
    TRY_LET(const std::string text, canonical_text(list));
    if (files.size() <= entry_files_max && text.size() <= list_bytes_max) {
        return FileList(std::move(files));
    }
    const Manifest manifest{.sha256 = sha256(text), .files = files.size()};
    TRY(create_named_by_hash(store, manifest_key(manifest), std::as_bytes(std::span(text))));
    return FileList(manifest);
}

Result<std::vector<DataFile>> parse_manifest(const Manifest& manifest, std::string_view text) {
    if (sha256(text) != manifest.sha256) {
        return fail(ErrorKind::corrupt, "the manifest has not the hash that its entry names");
    }
    TRY_LET(const Json list, parse_json(text));
    std::vector<DataFile> listed;
    TRY(read_value(list, listed));
    if (listed.size() != manifest.files) {
        return fail(ErrorKind::corrupt,
                    "the manifest has another number of files than its entry says, files={}",
                    listed.size());
    }
    return listed;
}

Result<std::vector<DataFile>> read_file_list(const store::ObjectStore& store,
                                             const FileList& files) {
    if (const auto* const listed = std::get_if<std::vector<DataFile>>(&files)) {
        return *listed;
    }
    const auto& manifest = std::get<Manifest>(files);
    const std::string key = manifest_key(manifest);
    TRY_LET(const std::string text, read_named_by_hash(store, key, manifest.sha256));
    return parse_manifest(manifest, text).with(key);
}

}  // namespace weir::ledger
