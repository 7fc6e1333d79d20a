// Goal: the kind of a failed system call tells the caller what to do, and the message where.
#include "store/file_error.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/result_matchers.h"

namespace weir::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(FileErrorTest, SaysWhatToDoAndWhere) {
    const struct {
        int error_number;
        ErrorKind kind;
        std::string_view remedy;
    } cases[] = {
        {ENOSPC, ErrorKind::unavailable, "free space"},
        {EDQUOT, ErrorKind::unavailable, "quota"},
        {EACCES, ErrorKind::denied, "right to read and write"},
        {EROFS, ErrorKind::denied, "mount"},
        {ENOENT, ErrorKind::not_found, "check the path"},
        {EEXIST, ErrorKind::already_exists, "first"},
        {EMFILE, ErrorKind::unavailable, "ulimit"},
        {ENOTDIR, ErrorKind::invalid, "another name"},
        {EIO, ErrorKind::unavailable, "check the disk"},
    };
    for (const auto& [error_number, kind, remedy] : cases) {
        const Status status = file_error("cannot write file", "/data/a", error_number);
        EXPECT_THAT(status, IsError(kind, AllOf(HasSubstr("cannot write file: "), HasSubstr(remedy),
                                                HasSubstr("path=/data/a"))));
    }
}

}  // namespace
}  // namespace weir::store
