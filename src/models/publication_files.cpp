#include "models/publication_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "store/file_error.h"
#include "store/file_system.h"

namespace weir::models {
namespace {

namespace fs = std::filesystem;

constexpr mode_t mode_while_written = 0600;
constexpr mode_t write_bits = 0222;

bool same_file(const fs::path& left, const fs::path& right) {
    std::error_code ignored;
    return fs::equivalent(left, right, ignored);
}

/// Returns whether anybody has the file open. The kernel grants a write lease only to one who is
/// alone with the file; where it has no leases the answer is yes, which is always safe.
Result<bool> is_open_elsewhere(const fs::path& file) {
    TRY_LET(const auto descriptor, store::open_file(file.string(), O_RDONLY));
    if (::fcntl(descriptor.number(), F_SETLEASE, F_WRLCK) != 0) {
        return true;
    }
    ::fcntl(descriptor.number(), F_SETLEASE, F_UNLCK);
    return false;
}

Status remove_if_there(const fs::path& file) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
        return store::file_error("cannot remove file", file.string(), errno);
    }
    return {};
}

fs::path log_of(const fs::path& file) {
    return file.string() + ".wal";
}

Status set_mode(const fs::path& file, mode_t mode) {
    if (::chmod(file.c_str(), mode) != 0) {
        return store::file_error("cannot set the mode of file", file.string(), errno);
    }
    return {};
}

}  // namespace

Result<PublicationFiles> PublicationFiles::open(const fs::path& folder) {
    TRY(store::create_folders(folder.string()));
    const fs::path first = folder / "gold-a.duckdb";
    PublicationFiles files(folder, first);
    if (same_file(first, files.published())) {
        files.stale_ = folder / "gold-b.duckdb";
    }
    TRY(remove_if_there(files.next()));
    return files;
}

Status PublicationFiles::reclaim() const {
    if (!fs::exists(stale_)) {
        return discard();
    }
    TRY_LET(const bool held, is_open_elsewhere(stale_));
    return held ? discard() : set_mode(stale_, mode_while_written);
}

Status PublicationFiles::discard() const {
    TRY(remove_if_there(stale_));
    return remove_if_there(log_of(stale_));
}

Status PublicationFiles::swap(mode_t mode) const {
    const std::string folder = folder_.string();
    TRY_LET(const auto descriptor, store::open_file(stale_.string(), O_RDONLY));
    TRY(set_mode(stale_, mode & ~write_bits));
    TRY(store::sync_file(descriptor, stale_.string()));
    if (::link(stale_.c_str(), next().c_str()) != 0) {
        return store::file_error("cannot link file", next().string(), errno);
    }
    // A log beside the public name is from somebody who wrote into the file before; it would be
    // replayed into this one.
    TRY(remove_if_there(log_of(published())));
    if (::rename(next().c_str(), published().c_str()) != 0) {
        return store::file_error("cannot rename file", next().string(), errno);
    }
    return store::sync_folder(folder);
}

}  // namespace weir::models
