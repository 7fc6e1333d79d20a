#include "store/file_error.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace weir::store {
namespace {

struct Explanation {
    ErrorKind kind;
    std::string_view remedy;
};

Explanation explain(int error_number) {
    switch (error_number) {
        case ENOENT: return {ErrorKind::not_found, "check the path"};
        case EEXIST: return {ErrorKind::already_exists, "somebody was first"};
        case ENOSPC: return {ErrorKind::unavailable, "free space on this disk, then retry"};
        case EDQUOT: return {ErrorKind::unavailable, "raise the quota or free space, then retry"};
        case EMFILE:
        case ENFILE: return {ErrorKind::unavailable, "raise the limit of open files (ulimit -n)"};
        case EACCES:
        case EPERM: return {ErrorKind::denied, "give this user the right to read and write there"};
        case EROFS: return {ErrorKind::denied, "mount the file system for writing"};
        case ENOTDIR:
        case EISDIR:
        case ELOOP:
        case ENAMETOOLONG: return {ErrorKind::invalid, "choose another name or folder"};
        default: return {ErrorKind::unavailable, "check the disk and the kernel's log, then retry"};
    }
}

}  // namespace

std::unexpected<Error> file_error(std::string_view task, std::string_view path, int error_number) {
    const Explanation explanation = explain(error_number);
    return fail(explanation.kind, "{}: {}; {}, path={}", task,
                std::generic_category().message(error_number), explanation.remedy, path);
}

}  // namespace weir::store
