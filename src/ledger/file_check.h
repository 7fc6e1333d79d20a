#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/entry.h"
#include "store/object_store.h"

namespace weir::ledger {

/// A file as an entry names it.
struct NamedFile {
    std::uint64_t entry = 0;  // Index of the entry.
    std::string key;
    std::uint64_t bytes = 0;
    Digest sha256{};
    bool of_chunk = false;
};

/// Collects what entries name, and checks that it is there as they name it.
class FileCheck {
public:
    explicit FileCheck(const store::ObjectStore& store) : store_(store) {}

    /// Takes the files of the next entry; manifests and contracts are checked at once. A new
    /// snapshot attempt lets go of the files of the one before: they stopped counting.
    Status add(std::uint64_t index, const Entry& entry);
    /// Checks all data files, the first entry's first. Fails with `corrupt`.
    Status check(bool hash_files) const;

    std::uint64_t files() const { return documents_ + files_.size(); }
    std::uint64_t bytes() const;

private:
    Status add_list(std::uint64_t index, const Entry& entry, const FileList& list, bool sealed);
    Status add_contract(const SchemaChanged& body);
    Status check_file(const NamedFile& file, bool hash_files) const;
    /// Says what is there instead of a file, from the hash of what is there.
    std::string describe(const Digest& found) const;

    const store::ObjectStore& store_;
    std::vector<NamedFile> files_;
    std::uint64_t documents_ = 0;  // Manifests and contracts.
};

}  // namespace weir::ledger
