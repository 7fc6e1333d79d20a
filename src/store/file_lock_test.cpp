// Goal: one holder at a time, and the one who is kept out learns whom to ask.
#include "store/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/result_matchers.h"
#include "store/scratch_folder.h"

namespace weir::store {
namespace {

using ::testing::HasSubstr;

TEST(FileLockTest, KeepsOthersOutUntilItGoes) {
    const ScratchFolder folder;
    const std::string path = folder.path() / "run/capture.lock";
    std::optional<FileLock> held = FileLock::acquire(path).value();
    EXPECT_THAT(FileLock::acquire(path),
                IsError(ErrorKind::already_exists, HasSubstr(fmt::format("pid={}", ::getpid()))));
    held.reset();
    EXPECT_THAT(FileLock::acquire(path), IsOk());
}

TEST(FileLockTest, GoesWithItsProcess) {
    const ScratchFolder folder;
    const std::string path = folder.path() / "capture.lock";
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = FileLock::acquire(path);
        const char ready = lock ? 'y' : 'n';
        static_cast<void>(!::write(pipe_ends[1], &ready, 1));
        ::pause();
    }
    char ready = 0;
    ASSERT_EQ(::read(pipe_ends[0], &ready, 1), 1);
    EXPECT_EQ(ready, 'y');
    EXPECT_THAT(FileLock::acquire(path),
                IsError(ErrorKind::already_exists, HasSubstr(fmt::format("pid={}", child))));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_THAT(FileLock::acquire(path), IsOk());
}

}  // namespace
}  // namespace weir::store
