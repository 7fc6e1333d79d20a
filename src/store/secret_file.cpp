#include "store/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "store/file_error.h"
#include "store/file_system.h"

namespace weir::store {
namespace {

constexpr std::size_t secret_bytes_max = 1U << 20U;

Status write_secret(const std::string& path, std::string_view text) {
    TRY_LET(const FileDescriptor file, open_file(path, O_WRONLY | O_CREAT | O_EXCL));
    TRY(write_all(file, std::as_bytes(std::span(text)), path));
    return sync_file(file, path);
}

Status rename_over(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return file_error("cannot put file in place of another", to, errno);
    }
    return {};
}

/// Writes the file under another name, and has `give_name` give it its own.
template <typename GiveName>
Status make_secret_file(const std::string& path, std::string_view text, const GiveName& give_name) {
    const std::string folder = std::filesystem::absolute(path).parent_path().string();
    TRY(create_folders(folder));
    const std::string unfinished = fmt::format("{}.{}.unfinished", path, ::getpid());
    ::unlink(unfinished.c_str());  // Of a dead process that had our number.
    Status made = write_secret(unfinished, text);
    if (made) {
        made = give_name(unfinished);
    }
    if (!made) {
        ::unlink(unfinished.c_str());
        return made;
    }
    return sync_folder(folder);
}

}  // namespace

Result<std::string> read_secret_file(const std::string& path) {
    TRY_LET(const FileDescriptor file, open_file(path, O_RDONLY));
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) {
        return file_error("cannot look at file", path, errno);
    }
    if ((status.st_mode & 0077U) != 0) {
        return fail(ErrorKind::denied,
                    "cannot use key file: others may read it; chmod 600 it and ask who has read "
                    "it, mode={:o}, path={}",
                    status.st_mode & 0777U, path);
    }
    std::string text(std::min(static_cast<std::size_t>(status.st_size), secret_bytes_max), '\0');
    TRY_LET(const std::size_t count,
            read_at(file, std::as_writable_bytes(std::span(text)), 0, path));
    text.resize(count);
    return text;
}

Status create_secret_file(const std::string& path, std::string_view text) {
    return make_secret_file(path, text, [&](const std::string& unfinished) {
        return rename_if_absent(unfinished, path);
    });
}

Status replace_secret_file(const std::string& path, std::string_view text) {
    return make_secret_file(
        path, text, [&](const std::string& unfinished) { return rename_over(unfinished, path); });
}

Status move_secret_file(const std::string& from, const std::string& to) {
    TRY(rename_over(from, to));
    return sync_folder(std::filesystem::absolute(to).parent_path().string());
}

}  // namespace weir::store
