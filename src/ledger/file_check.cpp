#include "ledger/file_check.h"

#include <algorithm>
#include <span>

#include "store/object_key.h"

namespace weir::ledger {
namespace {

constexpr std::uint64_t read_bytes = 4U << 20U;

/// A file is below the folder of its kind and of its table, whoever wrote the entry.
Status check_place(const DataFile& file, std::string_view folder) {
    const std::string place = fmt::format("{}/{}/", folder, file.table.to_string());
    if (!file.path.starts_with(place) || !store::check_key(file.path)) {
        return fail(ErrorKind::corrupt,
                    "the entry names a file outside its place: the path was forged, place={}, "
                    "path={}",
                    place, file.path);
    }
    return {};
}

}  // namespace

/// Tells how far hashing is.
class FileCheck::Progress {
public:
    Progress(const HashOptions& options, std::uint64_t total) : options_(options) {
        progress_.total = total;
    }

    Status add(std::uint64_t bytes) {
        progress_.bytes += bytes;
        return tell();
    }
    Status end(const NamedFile& file) {
        progress_.last = {.entry = file.entry, .key = file.key};
        return tell();
    }

private:
    Status tell() const {
        return options_.on_progress ? options_.on_progress(progress_) : Status{};
    }

    const HashOptions& options_;
    HashProgress progress_;
};

Status FileCheck::add(std::uint64_t index, const Entry& entry) {
    if (std::holds_alternative<SnapshotStarted>(entry.body)) {
        std::erase_if(files_, [](const NamedFile& file) { return file.of_chunk; });
    } else if (const auto* const schema = std::get_if<SchemaChanged>(&entry.body)) {
        return add_contract(*schema).with(fmt::format("entry {}", index));
    }
    for (const NamedList& list : lists_of(entry.body)) {
        TRY(add_list(index, entry, list));
    }
    return {};
}

Status FileCheck::add_contract(const SchemaChanged& body) {
    ++documents_;
    TRY(read_named_by_hash(store_, contract_key(body), body.contract));
    return {};
}

Status FileCheck::add_list(std::uint64_t index, const Entry& entry, const NamedList& list) {
    documents_ += std::holds_alternative<Manifest>(list.files) ? 1U : 0U;
    TRY_LET(const auto files,
            read_file_list(store_, list.files).with(fmt::format("entry {}", index)));
    for (const DataFile& file : files) {
        TRY(check_place(file, list.folder).with(fmt::format("entry {}", index)));
        files_.push_back({.entry = index,
                          .key = object_key(file, entry.run.epoch, list),
                          .bytes = file.bytes,
                          .sha256 = file.sha256,
                          .of_chunk = std::holds_alternative<ChunkLanded>(entry.body)});
    }
    return {};
}

std::size_t FileCheck::first_after(const FilePlace& place) const {
    std::size_t first = 0;
    for (std::size_t index = 0; index < files_.size(); ++index) {
        const NamedFile& file = files_[index];
        if (file.entry < place.entry || (file.entry == place.entry && file.key == place.key)) {
            first = index + 1;
        }
    }
    return first;
}

Status FileCheck::check(const HashOptions& options) const {
    const std::size_t first = !options.hash_files ? files_.size()
                              : options.after     ? first_after(*options.after)
                                                  : 0;
    std::uint64_t total = 0;
    for (const NamedFile& file : std::span(files_).subspan(first)) {
        total += file.bytes;
    }
    Progress progress(options, total);
    for (std::size_t index = 0; index < files_.size(); ++index) {
        Progress* const hashing = index < first ? nullptr : &progress;
        TRY(check_file(files_[index], hashing).with(fmt::format("entry {}", files_[index].entry)));
    }
    return {};
}

Status FileCheck::check_file(const NamedFile& file, Progress* hashing) const {
    const auto info = store_.stat(file.key);
    if (!info && info.error().kind() == ErrorKind::not_found) {
        return fail(ErrorKind::corrupt, "the file is missing, path={}", file.key);
    }
    if (!info) {
        return std::unexpected(info.error());
    }
    if (info->bytes == file.bytes && hashing == nullptr) {
        return {};
    }
    Sha256 hash;
    for (std::uint64_t offset = 0, count = read_bytes; count == read_bytes; offset += count) {
        TRY_LET(const auto bytes, store_.read_range(file.key, offset, read_bytes));
        hash.update(bytes);
        count = bytes.size();
        if (hashing != nullptr) {
            TRY(hashing->add(count));
        }
    }
    TRY(check_digest(file, info->bytes, std::move(hash).finish()));
    return hashing != nullptr ? hashing->end(file) : Status{};
}

Status FileCheck::check_digest(const NamedFile& file, std::uint64_t bytes,
                               const Digest& found) const {
    if (found != file.sha256) {
        return fail(ErrorKind::corrupt, "{}, bytes={}, expected={}, path={}", describe(found),
                    bytes, file.bytes, file.key);
    }
    if (bytes != file.bytes) {
        return fail(ErrorKind::corrupt, "the entry's size is not the file's, bytes={}, path={}",
                    bytes, file.key);
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
