#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/entry.h"
#include "ledger/file_list.h"
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

/// Where a file stands among those that entries name.
struct FilePlace {
    std::uint64_t entry = 0;
    std::string key;
};

struct HashProgress {
    FilePlace last;           // Up to here all files are as they are named.
    std::uint64_t bytes = 0;  // Hashed by now, those of the file that is being hashed too.
    std::uint64_t total = 0;  // To hash.
};

struct HashOptions {
    bool hash_files = true;               // Or only look for them.
    std::optional<FilePlace> after = {};  // Files up to here are only looked for.
    std::function<Status(const HashProgress&)> on_progress = {};
};

/// Collects what entries name, and checks that it is there as they name it.
class FileCheck {
public:
    explicit FileCheck(const store::ObjectStore& store) : store_(store) {}

    /// Takes the files of the next entry; manifests and contracts are checked at once, and that no
    /// file is named outside the place of its kind and table. A new snapshot attempt lets go of the
    /// files of the one before: they stopped counting.
    Status add(std::uint64_t index, const Entry& entry);
    /// Checks all data files, the first entry's first. Fails with `corrupt`.
    Status check(const HashOptions& options) const;

    std::uint64_t files() const { return documents_ + files_.size(); }
    std::uint64_t bytes() const;

private:
    class Progress;

    Status add_list(std::uint64_t index, const Entry& entry, const NamedList& list);
    Status add_contract(const SchemaChanged& body);
    /// The first file that is to be hashed.
    std::size_t first_after(const FilePlace& place) const;
    Status check_file(const NamedFile& file, Progress* hashing) const;
    Status check_digest(const NamedFile& file, std::uint64_t bytes, const Digest& found) const;
    /// Says what is there instead of a file, from the hash of what is there.
    std::string describe(const Digest& found) const;

    const store::ObjectStore& store_;
    std::vector<NamedFile> files_;
    std::uint64_t documents_ = 0;  // Manifests and contracts.
};

}  // namespace weir::ledger
