#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/entry.h"
#include "store/object_store.h"

namespace weir::ledger {

// What entries name by hash: lists of files and contracts.

/// A list of files that an entry names, and what its objects are called.
struct NamedList {
    const FileList& files;
    std::string_view folder;  // Above all of its paths.
    bool sealed = false;
};

/// The lists of an entry, which they see; none for most kinds.
std::vector<NamedList> lists_of(const EntryBody& body);
/// Returns the key of a listed file's object. `epoch` is that of the entry's run.
std::string object_key(const DataFile& file, Epoch epoch, const NamedList& list);

std::string manifest_key(const Manifest& manifest);
std::string contract_key(const SchemaChanged& entry);

/// Creates an object whose key names the hash of its bytes; one that is there already is the same.
Status create_named_by_hash(store::ObjectStore& store, const std::string& key,
                            std::span<const std::byte> bytes);
/// Reads such an object. Fails with `corrupt` if it is missing or has another hash.
Result<std::string> read_named_by_hash(const store::ObjectStore& store, const std::string& key,
                                       const Digest& digest);

/// Checks such an object. Fails likewise.
Status check_named_by_hash(const store::ObjectStore& store, const std::string& key,
                           const Digest& digest);

/// Returns the list itself if it fits an entry, or stores it as a manifest.
Result<FileList> store_file_list(store::ObjectStore& store, std::vector<DataFile> files);
/// Reads the text of a manifest. Fails with `corrupt` if it is not the one that was stored.
Result<std::vector<DataFile>> parse_manifest(const Manifest& manifest, std::string_view text);
/// Fails with `corrupt` if the manifest is not what it was.
Result<std::vector<DataFile>> read_file_list(const store::ObjectStore& store,
                                             const FileList& files);

}  // namespace weir::ledger
