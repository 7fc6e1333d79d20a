#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/result.h"

namespace weir::models {

/// The folder of the published file: two files `gold-a.duckdb` and `gold-b.duckdb`, and the public
/// name `gold.duckdb`, which is a second link to one of them. The other one is stale, nobody's, and
/// the next to be written. A reader keeps what it opened, whatever happens here. One publisher at a
/// time; nothing but the public name is promised to others.
class PublicationFiles {
public:
    /// Makes the folder and clears what a publisher that died left behind.
    static Result<PublicationFiles> open(const std::filesystem::path& folder);

    std::filesystem::path published() const { return folder_ / "gold.duckdb"; }
    const std::filesystem::path& stale() const { return stale_; }

    /// Makes the stale file writable, or, if a reader still has it open, lets go of its name so
    /// that a new file is made under it.
    Status reclaim() const;
    /// Lets go of the stale file and its write-ahead log; a new one is made under its name.
    Status discard() const;
    /// Makes the stale file's bytes durable and gives it the public name, atomically. It then has
    /// the mode given, without anybody's right to write.
    Status swap(mode_t mode) const;

private:
    PublicationFiles(std::filesystem::path folder, std::filesystem::path stale)
        : folder_(std::move(folder)), stale_(std::move(stale)) {}

    std::filesystem::path next() const { return folder_ / ".gold.duckdb.next"; }

    std::filesystem::path folder_;
    std::filesystem::path stale_;  // Never the file behind the public name.
};

}  // namespace weir::models
